//! The rule of A23: whether the rotation of a type is implemented. The first row that fits.

use jiff::civil::Date;

use super::rotations::Timely;
use crate::policy::Accept;

/// What is known of the rotation of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// The signed decision not to rotate it.
    pub accept: Option<Accept>,
    /// Whether it has a cadence or a trigger.
    pub reasons: Reasons,
    /// Whether a runbook is named.
    pub runbook: bool,
    /// The finished rotations: when, and whether in time.
    pub finished: Vec<(Date, Timely)>,
    /// By how many days each value that is past its date is late.
    pub late: Vec<i32>,
    /// The earliest deadline of its values.
    pub first_due: Option<Date>,
}

/// Whether anything makes a value of a type be rotated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reasons {
    /// A cadence or a trigger.
    Some,
    /// Neither.
    #[default]
    None,
    /// It is no credential.
    NoCredential,
}

/// Whether the rotation of a type is implemented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Row 1.
    Accepted(Accept),
    /// Row 2: neither cadence nor trigger.
    NotDefined,
    /// Row 3: no runbook, and none was ever finished.
    PolicyOnly,
    /// Row 4: so many values are past their date, and none was ever finished.
    NeverExecuted(usize),
    /// Row 5: with the first deadline, if any value has one.
    NotExercised(Option<Date>),
    /// Row 6: how many are overdue, and by how many days the oldest.
    Overdue(usize, i32),
    /// Row 7.
    Implemented {
        /// The day of the last finished one.
        last: Date,
        /// How many were in time.
        on_time: usize,
        /// How many there were.
        all: usize,
    },
    /// `config`: nothing that could be rotated.
    NoCredential,
}

impl Verdict {
    /// Tells whether the document has to say "Secret rotation not implemented": rows 2 to 4.
    #[must_use]
    pub fn is_not_implemented(&self) -> bool {
        matches!(self, Self::NotDefined | Self::PolicyOnly | Self::NeverExecuted(_))
    }
}

/// Gives the verdict on a type, of a day.
#[must_use]
pub fn judge(course: &Course, today: Date) -> Verdict {
    if let Some(accept) = course.accept.as_ref().filter(|accept| accept.until >= today) {
        return Verdict::Accepted(accept.clone());
    }
    match course.reasons {
        Reasons::NoCredential => return Verdict::NoCredential,
        Reasons::None => return Verdict::NotDefined,
        Reasons::Some => {}
    }
    let last = course.finished.iter().map(|(day, _)| *day).max();
    match (last, course.late.iter().max()) {
        (None, _) if !course.runbook => Verdict::PolicyOnly,
        (None, Some(_)) => Verdict::NeverExecuted(course.late.len()),
        (None, None) => Verdict::NotExercised(course.first_due),
        (Some(_), Some(oldest)) => Verdict::Overdue(course.late.len(), *oldest),
        (Some(last), None) => {
            let on_time = course.finished.iter().filter(|(_, timely)| *timely == Timely::Yes);
            Verdict::Implemented { last, on_time: on_time.count(), all: course.finished.len() }
        }
    }
}
