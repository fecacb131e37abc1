//! Languages of the platform: their numbers and names.

/// Number and name of each language that can be installed.
const LANGUAGES: [(u32, &str); 44] = [
    (1025, "ar-SA"),
    (1026, "bg-BG"),
    (1027, "ca-ES"),
    (1028, "zh-TW"),
    (1029, "cs-CZ"),
    (1030, "da-DK"),
    (1031, "de-DE"),
    (1032, "el-GR"),
    (1033, "en-US"),
    (1035, "fi-FI"),
    (1036, "fr-FR"),
    (1037, "he-IL"),
    (1038, "hu-HU"),
    (1040, "it-IT"),
    (1041, "ja-JP"),
    (1042, "ko-KR"),
    (1043, "nl-NL"),
    (1044, "nb-NO"),
    (1045, "pl-PL"),
    (1046, "pt-BR"),
    (1048, "ro-RO"),
    (1049, "ru-RU"),
    (1050, "hr-HR"),
    (1051, "sk-SK"),
    (1053, "sv-SE"),
    (1054, "th-TH"),
    (1055, "tr-TR"),
    (1057, "id-ID"),
    (1058, "uk-UA"),
    (1060, "sl-SI"),
    (1061, "et-EE"),
    (1062, "lv-LV"),
    (1063, "lt-LT"),
    (1066, "vi-VN"),
    (1069, "eu-ES"),
    (1081, "hi-IN"),
    (1086, "ms-MY"),
    (1087, "kk-KZ"),
    (1110, "gl-ES"),
    (2052, "zh-CN"),
    (2070, "pt-PT"),
    (2074, "sr-Latn-CS"),
    (3076, "zh-HK"),
    (3082, "es-ES"),
];

/// The name of a language, its number where it has none here.
pub(super) fn name(language: u32) -> String {
    let known = LANGUAGES.iter().find(|(number, _)| *number == language);
    known.map_or_else(|| language.to_string(), |(_, name)| (*name).to_owned())
}

/// The language of a name or number.
pub(super) fn language(name: &str) -> Option<u32> {
    let known = LANGUAGES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
    known.map(|(number, _)| *number).or_else(|| name.parse().ok())
}
