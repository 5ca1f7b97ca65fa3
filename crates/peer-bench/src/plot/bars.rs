//! Horizontal bars.

use super::{Colour, TOP, begin, escape, rule};
use std::fmt::Write as _;

pub struct Bar {
    pub label: String,
    pub value: f64,
    /// What stands at its right.
    pub text: String,
    pub colour: Colour,
}

/// Where the bars begin and how long the longest is: the texts stand left and right of them.
const LEFT: f64 = 210.0;
const LONGEST: f64 = 345.0;
const ROW: f64 = 28.0;

/// `full` is the value of the longest bar; a line marks it when it means something.
pub fn bars(title: &str, subtitle: &str, bars: &[Bar], full: f64, mark_full: bool) -> String {
    let height = TOP + ROW * bars.len() as f64 + 10.0;
    let mut svg = begin(title, subtitle, height);
    let mut line = |x| rule(&mut svg, [x, TOP - 6.0], [x, height - 4.0], 0.5);
    line(LEFT);
    if mark_full {
        line(LEFT + LONGEST);
    }
    for (bar, row) in bars.iter().zip(0..) {
        let y = TOP + ROW * f64::from(row);
        let length = (bar.value / full).clamp(0.0, 1.0) * LONGEST;
        let weight = if matches!(bar.colour, Colour::Ours) { r#" font-weight="600""# } else { "" };
        let _ = writeln!(
            svg,
            r#"<text x="{label_x}" y="{text_y}" text-anchor="end"{weight}>{label}</text><rect x="{LEFT}" y="{y}" width="{length:.1}" height="18" rx="2" fill="{colour}"/><text x="{value_x}" y="{text_y}"{weight}>{text}</text>"#,
            label_x = LEFT - 8.0,
            text_y = y + 13.5,
            label = escape(&bar.label),
            colour = bar.colour.code(),
            value_x = LEFT + LONGEST + 10.0,
            text = escape(&bar.text),
        );
    }
    svg.push_str("</svg>\n");
    svg
}
