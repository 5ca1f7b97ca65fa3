//! Plots as SVG, in colours that can be read on a light and on a dark page.

mod bars;
mod lines;

pub use bars::{Bar, bars};
pub use lines::{Line, lines};

use std::fmt::Write as _;

/// Of mid contrast, because the background is the page's.
#[derive(Clone, Copy)]
pub enum Colour {
    Ours,
    Other,
    OtherLanguage,
    Further,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Self::Ours => "#d9773a",
            Self::Other => "#5b8fc0",
            Self::OtherLanguage => "#6fa287",
            Self::Further => "#a274b8",
        }
    }
}

const INK: &str = "#7c828d";
const WIDTH: f64 = 770.0;
/// Below title and subtitle.
const TOP: f64 = 56.0;

/// The picture up to its content.
fn begin(title: &str, subtitle: &str, height: f64) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">
<title>{title}</title>
<text x="8" y="20" font-size="15" font-weight="600">{title}</text>
<text x="8" y="39" font-size="12">{subtitle}</text>
"#,
        title = escape(title),
        subtitle = escape(subtitle),
    )
}

fn rule(svg: &mut String, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], opacity: f64) {
    let _ = writeln!(
        svg,
        r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{INK}" stroke-opacity="{opacity}"/>"#
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
