//! Lines over one quantity.

use super::{Colour, TOP, WIDTH, begin, escape, rule};
use crate::numbers::thousands;
use std::fmt::Write as _;

pub struct Line {
    pub label: &'static str,
    /// What is at its points: x, which rises, and y.
    pub points: Vec<(f64, f64)>,
    pub colour: Colour,
}

const HEIGHT: f64 = 340.0;
const BOTTOM: f64 = HEIGHT - 48.0;
/// The unit stands above it.
const HIGHEST: f64 = TOP + 18.0;
const LEFT: f64 = 70.0;
/// The labels of the lines stand right of it.
const RIGHT: f64 = WIDTH - 205.0;
/// Between the labels of lines that end at the same height.
const LABEL: f64 = 17.0;
/// Between the numbers below the axis.
const NUMBER: f64 = 44.0;

/// `unit` is said of the numbers at the left, `quantity` of those below.
pub fn lines(title: &str, subtitle: &str, quantity: &str, unit: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let mut values: Vec<f64> = points().map(|(x, _)| *x).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let across = Across::of(&values);
    let step = step(points().map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max));
    let steps = points().map(|(_, y)| (y / step).ceil()).fold(1.0, f64::max);
    let up = |y: f64| BOTTOM - (BOTTOM - HIGHEST) * y / (step * steps);

    let mut svg = begin(title, subtitle, HEIGHT);
    let mut y = 0.0;
    while y <= step * steps {
        rule(&mut svg, [LEFT, up(y)], [RIGHT, up(y)], if y == 0.0 { 0.6 } else { 0.2 });
        text(&mut svg, [LEFT - 8.0, up(y) + 4.5], "end", &number(y, step));
        y += step;
    }
    text(&mut svg, [LEFT - 8.0, TOP + 2.0], "end", unit);
    text(&mut svg, [(LEFT + RIGHT) / 2.0, HEIGHT - 8.0], "middle", quantity);
    let mut free_from = f64::MIN;
    for value in values {
        let x = across.at(value);
        rule(&mut svg, [x, BOTTOM], [x, BOTTOM + 5.0], 0.6);
        if x >= free_from {
            text(&mut svg, [x, BOTTOM + 20.0], "middle", &thousands(value));
            free_from = x + NUMBER;
        }
    }
    for line in lines {
        draw(&mut svg, line, &across, up);
    }
    label(&mut svg, lines, up);
    svg.push_str("</svg>\n");
    svg
}

/// Where a value is from left to right: by its logarithm where the values span decades.
struct Across {
    scale: fn(f64) -> f64,
    first: f64,
    last: f64,
}

impl Across {
    fn of(values: &[f64]) -> Self {
        let (first, last) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(1.0));
        let scale: fn(f64) -> f64 = if first > 0.0 && last / first >= 10.0 { f64::ln } else { |value| value };
        Self { scale, first: scale(first), last: scale(last) }
    }

    fn at(&self, value: f64) -> f64 {
        let span = (self.last - self.first).max(f64::MIN_POSITIVE);
        LEFT + 12.0 + (RIGHT - LEFT - 24.0) * ((self.scale)(value) - self.first) / span
    }
}

/// 1, 2 or 5 times a power of ten, for some five steps up to `highest`.
fn step(highest: f64) -> f64 {
    let power = 10_f64.powf((highest / 5.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| highest / step <= 6.0).unwrap_or(power)
}

fn number(y: f64, step: f64) -> String {
    if step < 1.0 { format!("{y:.1}") } else { thousands(y) }
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) {
    let _ =
        writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" font-size="12" text-anchor="{anchor}">{}</text>"#, escape(text));
}

fn draw(svg: &mut String, line: &Line, across: &Across, up: impl Fn(f64) -> f64) {
    let colour = line.colour.code();
    let points: Vec<(f64, f64)> = line.points.iter().map(|(x, y)| (across.at(*x), up(*y))).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>"#,
        path.join(" ")
    );
    for (x, y) in points {
        let _ = writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#);
    }
}

/// Each beside its line's end, or as close to it as the others permit.
fn label(svg: &mut String, lines: &[Line], up: impl Fn(f64) -> f64) {
    let mut ends: Vec<(f64, &Line)> =
        lines.iter().filter_map(|line| Some((up(line.points.last()?.1).min(BOTTOM - 4.0), line))).collect();
    // From below, each at least one label above the one before.
    ends.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut lowest = f64::MAX;
    for (y, line) in ends {
        let y = y.min(lowest);
        lowest = y - LABEL;
        let _ = writeln!(
            svg,
            r#"<text x="{}" y="{:.1}" font-weight="600" fill="{}">{}</text>"#,
            RIGHT + 6.0,
            y + 4.5,
            line.colour.code(),
            escape(line.label)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (highest, expected) in [(1.0, 0.2), (9.0, 2.0), (100.0, 20.0), (4_700.0, 1_000.0), (110_000.0, 20_000.0)] {
            assert_eq!(step(highest), expected, "{highest}");
        }
    }

    #[test]
    fn decades_are_as_wide_as_each_other() {
        let across = Across::of(&[1.0, 10.0, 100.0]);
        assert!((across.at(10.0) * 2.0 - across.at(1.0) - across.at(100.0)).abs() < 1e-6);
        let linear = Across::of(&[0.0, 50.0, 100.0]);
        assert!((linear.at(50.0) * 2.0 - linear.at(0.0) - linear.at(100.0)).abs() < 1e-6);
    }
}
