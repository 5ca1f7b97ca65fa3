//! One quantity, applications at some of its values, and what each of them adds to a request.

use crate::in_process::{self, Figures, Subject};
use std::time::Duration;

/// `P`: what is at a value, before or after it was measured.
pub struct Section<P = Point> {
    pub heading: &'static str,
    /// What the values of the points are.
    pub quantity: &'static str,
    /// Of the plot.
    pub file: &'static str,
    pub open: &'static [&'static str],
    /// Each with the position of the open one that it is compared with.
    pub series: &'static [(&'static str, usize)],
    pub points: Vec<P>,
}

/// The applications at one value; as many as the section names.
pub struct Point {
    pub value: usize,
    pub open: Vec<Subject>,
    /// None: there is no such application at this value.
    pub protected: Vec<Option<Subject>>,
}

/// What was found at one value.
pub struct Measured {
    pub value: usize,
    pub open: Vec<Figures>,
    pub protected: Vec<Option<Figures>>,
}

impl Section {
    /// All of them by turns, if they protect.
    pub fn measure(self, each: Duration) -> Result<Section<Measured>, String> {
        let Self { heading, quantity, file, open, series, points } = self;
        let mut subjects = Vec::new();
        let mut shapes = Vec::new();
        for mut point in points {
            point.check()?;
            let first = subjects.len();
            let exists: Vec<bool> = point.protected.iter().map(Option::is_some).collect();
            shapes.push((point.value, exists));
            subjects.extend(point.open.into_iter().map(|subject| (subject, None)));
            for (subject, (_, base)) in point.protected.into_iter().zip(series) {
                subjects.extend(subject.map(|subject| (subject, Some(first + base))));
            }
        }
        let mut figures = in_process::measure(subjects, each).into_iter();
        let points = shapes.into_iter().map(|(value, exists)| Measured {
            value,
            open: figures.by_ref().take(open.len()).collect(),
            protected: exists.into_iter().map(|exists| exists.then(|| figures.next()).flatten()).collect(),
        });
        Ok(Section { heading, quantity, file, open, series, points: points.collect() })
    }
}

impl Point {
    /// Whether the protected ones protect, and the open ones do not.
    pub fn check(&mut self) -> Result<(), String> {
        let open = self.open.iter_mut().map(|subject| (subject, [200, 200]));
        let protected = self.protected.iter_mut().flatten().map(|subject| (subject, [200, 401]));
        for (subject, expected) in open.chain(protected) {
            let statuses = subject.statuses();
            if statuses != expected {
                return Err(format!("at {}, it answers {statuses:?} with and without a token", self.value));
            }
        }
        Ok(())
    }
}
