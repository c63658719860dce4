//! The words of A23: whether the rotation of a type is implemented.

use super::Edition;
use super::markdown::prose;
use super::words::days;
use crate::deeds::report::verdict::Verdict;

/// The sentence that a reader of the document looks for.
pub(super) const NOT_IMPLEMENTED: &str = "**Secret rotation not implemented**";

/// Says a verdict, letter by letter as the mission does.
pub(super) fn said(verdict: &Verdict, edition: Edition) -> String {
    match verdict {
        Verdict::Accepted(accept) => match edition {
            Edition::Internal => {
                let reason = prose(&accept.reason);
                format!("Not rotated by decision ({reason}, until {})", accept.until)
            }
            Edition::Customer => format!("Not rotated by decision (until {})", accept.until),
        },
        Verdict::NotDefined => NOT_IMPLEMENTED.to_owned(),
        Verdict::PolicyOnly => format!("{NOT_IMPLEMENTED} (policy only, no runbook)"),
        Verdict::NeverExecuted(late) => {
            format!("{NOT_IMPLEMENTED} (defined, never executed, {late} past due)")
        }
        Verdict::NotExercised(Some(due)) => format!("Defined, not yet exercised (first due {due})"),
        Verdict::NotExercised(None) => "Defined, not yet exercised (no date)".to_owned(),
        Verdict::Overdue(count, oldest) => {
            format!("Implemented, {count} overdue (oldest {})", days(*oldest))
        }
        Verdict::Implemented { last, on_time, all } => {
            format!("Implemented; last {last}; on time {on_time} of {all}")
        }
        Verdict::NoCredential => "No credential, never due".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::deeds::report::rotations::Timely;
    use crate::deeds::report::verdict::{Course, Reasons, judge};
    use crate::policy::Accept;

    const TODAY: Date = date(2026, 11, 21);

    /// All that a type can have, in time.
    fn course() -> Course {
        Course {
            accept: None,
            reasons: Reasons::Some,
            runbook: true,
            finished: vec![(date(2026, 9, 1), Timely::No), (date(2026, 10, 1), Timely::Yes)],
            late: Vec::new(),
            first_due: Some(date(2027, 8, 20)),
        }
    }

    fn words(course: &Course) -> String {
        said(&judge(course, TODAY), Edition::Internal)
    }

    #[test]
    fn row_1_a_signed_decision_until_its_end_comes_first() {
        let reason = "no *second* vendor".to_owned();
        let accept = Some(Accept { reason, until: TODAY });
        let accepted = Course { accept, reasons: Reasons::None, late: vec![9], ..course() };
        let wanted = "Not rotated by decision (no \\*second\\* vendor, until 2026-11-21)";
        assert_eq!(words(&accepted), wanted);
        let tomorrow = judge(&accepted, date(2026, 11, 22));
        assert_eq!(said(&tomorrow, Edition::Internal), NOT_IMPLEMENTED);
        let customers = said(&judge(&accepted, TODAY), Edition::Customer);
        assert_eq!(customers, "Not rotated by decision (until 2026-11-21)");
    }

    #[test]
    fn row_2_neither_cadence_nor_trigger_is_not_implemented_whatever_was_done() {
        let neither = Course { reasons: Reasons::None, ..course() };
        assert_eq!(words(&neither), "**Secret rotation not implemented**");
    }

    #[test]
    fn row_3_neither_a_rotation_nor_a_runbook_is_policy_only() {
        let only = Course { finished: Vec::new(), runbook: false, late: vec![3], ..course() };
        let wanted = "**Secret rotation not implemented** (policy only, no runbook)";
        assert_eq!(words(&only), wanted);
    }

    #[test]
    fn row_4_no_rotation_and_values_past_their_date_was_never_executed() {
        let never = Course { finished: Vec::new(), late: vec![3, 1], ..course() };
        let wanted = "**Secret rotation not implemented** (defined, never executed, 2 past due)";
        assert_eq!(words(&never), wanted);
    }

    #[test]
    fn row_5_no_rotation_and_all_in_time_is_not_yet_exercised() {
        let fresh = Course { finished: Vec::new(), ..course() };
        assert_eq!(words(&fresh), "Defined, not yet exercised (first due 2027-08-20)");
        let undated = Course { first_due: None, ..fresh };
        assert_eq!(words(&undated), "Defined, not yet exercised (no date)");
    }

    #[test]
    fn row_6_some_overdue_are_counted_with_the_oldest() {
        let late = Course { late: vec![2, 9, 4], runbook: false, ..course() };
        assert_eq!(words(&late), "Implemented, 3 overdue (oldest 9 days)");
    }

    #[test]
    fn row_7_else_the_last_one_and_how_many_were_in_time() {
        assert_eq!(words(&course()), "Implemented; last 2026-10-01; on time 1 of 2");
    }

    #[test]
    fn rows_2_to_4_and_no_others_ask_for_the_sentence() {
        let fresh = Course { finished: Vec::new(), ..course() };
        for (course, wanted) in [
            (Course { reasons: Reasons::None, ..course() }, true),
            (Course { runbook: false, ..fresh.clone() }, true),
            (Course { late: vec![1], ..fresh.clone() }, true),
            (fresh, false),
            (Course { late: vec![1], ..course() }, false),
            (course(), false),
            (Course { reasons: Reasons::NoCredential, ..course() }, false),
        ] {
            let verdict = judge(&course, TODAY);
            assert_eq!(verdict.is_not_implemented(), wanted, "{course:?}");
            let words = said(&verdict, Edition::Internal);
            assert_eq!(words.contains(NOT_IMPLEMENTED), wanted, "{words}");
        }
    }
}
