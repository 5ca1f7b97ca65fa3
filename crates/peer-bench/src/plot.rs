//! Horizontal bars as SVG, in colours that can be read on a light and on a dark page.

use std::fmt::Write as _;

pub struct Bar {
    pub label: String,
    pub value: f64,
    /// What stands at its right.
    pub text: String,
    pub colour: Colour,
}

/// Of mid contrast, because the background is the page's.
#[derive(Clone, Copy)]
pub enum Colour {
    Ours,
    Other,
    OtherLanguage,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Self::Ours => "#d9773a",
            Self::Other => "#5b8fc0",
            Self::OtherLanguage => "#6fa287",
        }
    }
}

const INK: &str = "#7c828d";
const WIDTH: f64 = 770.0;
/// Where the bars begin and how long the longest is: the texts stand left and right of them.
const LEFT: f64 = 210.0;
const LONGEST: f64 = 345.0;
const ROW: f64 = 28.0;
const TOP: f64 = 56.0;

/// `full` is the value of the longest bar; a line marks it when it means something.
pub fn bars(title: &str, subtitle: &str, bars: &[Bar], full: f64, mark_full: bool) -> String {
    let height = TOP + ROW * bars.len() as f64 + 10.0;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">
<title>{title}</title>
<text x="8" y="20" font-size="15" font-weight="600">{title}</text>
<text x="8" y="39" font-size="12">{subtitle}</text>
"#,
        title = escape(title),
        subtitle = escape(subtitle),
    );
    line(&mut svg, LEFT, height);
    if mark_full {
        line(&mut svg, LEFT + LONGEST, height);
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

fn line(svg: &mut String, x: f64, height: f64) {
    let (from, to) = (TOP - 6.0, height - 4.0);
    let _ = writeln!(svg, r#"<line x1="{x}" y1="{from}" x2="{x}" y2="{to}" stroke="{INK}" stroke-opacity="0.5"/>"#);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
