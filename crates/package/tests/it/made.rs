//! Packages made by hand: a zip writer that can lie about every field, and the smallest package there is.

/// One entry as it shall stand in a zip, stored or already packed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) packed: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) size: u32,
    pub(crate) flags: u16,
    pub(crate) made_by: u16,
    pub(crate) attributes: u32,
    /// The directory points at the entry before instead of at this one.
    pub(crate) shares_previous: bool,
}

impl Entry {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            packed: content.to_vec(),
            method: 0,
            crc: libdeflater::crc32(content),
            size: u32::try_from(content.len()).expect("a small file"),
            flags: 0,
            made_by: 20,
            attributes: 0,
            shares_previous: false,
        }
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut packed = vec![0; compressor.deflate_compress_bound(content.len())];
        let length = compressor.deflate_compress(content, &mut packed).expect("the bound is enough");
        packed.truncate(length);
        Self { packed, method: 8, ..Self::stored(name, content) }
    }
}

/// Writes a zip exactly as the entries say.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    let mut previous = 0_u32;
    for entry in entries {
        let own = u32::try_from(bytes.len()).expect("a small zip");
        let start = if entry.shares_previous { previous } else { own };
        let packed = u32::try_from(entry.packed.len()).expect("a small file");
        let name = u16::try_from(entry.name.len()).expect("a short name");
        let mut common = Vec::new();
        for field in [20, entry.flags, entry.method, 0, 0] {
            common.extend(field.to_le_bytes());
        }
        for field in [entry.crc, packed, entry.size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name.to_le_bytes());
        if !entry.shares_previous {
            bytes.extend(b"PK\x03\x04");
            bytes.extend(&common);
            bytes.extend(0_u16.to_le_bytes());
            bytes.extend(&entry.name);
            bytes.extend(&entry.packed);
        }
        directory.extend(b"PK\x01\x02");
        directory.extend(entry.made_by.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 8]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(&entry.name);
        previous = start;
    }
    let count = u16::try_from(entries.len()).expect("few entries");
    let start = u32::try_from(bytes.len()).expect("a small zip");
    let size = u32::try_from(directory.len()).expect("a small directory");
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

pub(crate) const SOLUTION: &str = "<ImportExportXml version=\"9.2.1.2\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\">\
    <SolutionManifest><UniqueName>Core</UniqueName><Version>1.0.0.0</Version><Managed>0</Managed>\
    <Publisher><UniqueName>contoso</UniqueName><CustomizationPrefix>contoso</CustomizationPrefix></Publisher>\
    <RootComponents /></SolutionManifest></ImportExportXml>";

pub(crate) const TYPES: &str = "<Types />";

/// Wraps sections in the root of a `customizations.xml`.
pub(crate) fn customizations(sections: &str) -> String {
    format!("<ImportExportXml>{sections}</ImportExportXml>")
}

/// The three root files.
pub(crate) fn roots(solution: &str, customizations: &str) -> Vec<Entry> {
    vec![
        Entry::deflated("solution.xml", solution.as_bytes()),
        Entry::deflated("customizations.xml", customizations.as_bytes()),
        Entry::stored("[Content_Types].xml", TYPES.as_bytes()),
    ]
}

/// A package that is fine, with more entries.
pub(crate) fn with(more: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    let mut entries = roots(SOLUTION, &customizations("<Entities />"));
    entries.extend(more);
    zip(&entries)
}

/// A package with these sections.
pub(crate) fn of_sections(sections: &str) -> Vec<u8> {
    zip(&roots(SOLUTION, &customizations(sections)))
}
