//! "Did you mean": the names closest to one that nobody bears.

/// Returns up to three names close to `wanted`, closest first; names compare without case.
pub fn closest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<_> = names
        .into_iter()
        .map(|name| {
            let folded = name.to_lowercase();
            let contains = folded.contains(&wanted) && wanted.len() >= 3;
            let score = strsim::jaro_winkler(&wanted, &folded);
            (if contains { score.max(0.9) } else { score }, name)
        })
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|(left, left_name), (right, right_name)| right.total_cmp(left).then(left_name.cmp(right_name)));
    scored.dedup_by(|(_, left), (_, right)| left == right);
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Makes the hint "did you mean …" of the closest names, if any is close.
pub(crate) fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let close = closest(wanted, names);
    (!close.is_empty()).then(|| format!("did you mean {}?", close.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let names = ["ContosoCore", "ContosoSales", "Fabrikam"];
        assert_eq!(closest("contosocor", names), ["ContosoCore", "ContosoSales"]);
        assert!(closest("zzz", names).is_empty());
    }
}
