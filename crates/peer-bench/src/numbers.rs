//! Numbers as they stand in tables and plots.

/// A dash where there is nothing to tell.
pub fn or_dash(number: f64, format: impl FnOnce(f64) -> String) -> String {
    if number.is_finite() { format(number) } else { "–".to_owned() }
}

pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("−", digits));
    let mut grouped = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0.4, "0"), (999.0, "999"), (1000.0, "1,000"), (-1234567.0, "−1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
