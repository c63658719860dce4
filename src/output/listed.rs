//! What stands where, as a table.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Ink, Show, owed, paint, safe};
use crate::deeds::list::{Form, Listed, Row};
use crate::rotation::days;
use crate::verify::Holder;

impl Show for Listed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let cells: Vec<_> = self.rows.iter().map(cells).collect();
        let mut widths = [0; 4];
        for row in &cells {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for (row, cells) in self.rows.iter().zip(&cells) {
            let [name, form, kind, due] = cells;
            let [a, b, c, d] = widths;
            let due = match row.days_left {
                Some(left) if left < 0 => paint(Ink::Red, &format!("{due:d$}")),
                _ if row.obligation.is_some() => paint(Ink::Yellow, &format!("{due:d$}")),
                _ => format!("{due:d$}"),
            };
            let day = row.made.time.strftime("%F");
            writeln!(out, "{name:a$}  {form:b$}  {kind:c$}  {due}  {} {day}", row.made.by)?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        json!({
            "secrets": self.rows.iter().map(row).collect::<Vec<_>>(),
            "complete": self.doubt.is_none(),
        })
    }
}

fn cells(row: &Row) -> [String; 4] {
    let form = match row.form {
        Form::Sealed => "sealed".to_owned(),
        Form::Dropped => "dropped".to_owned(),
        Form::SealedList(count) => format!("sealed list of {count}"),
        Form::SealedFile => "sealed file".to_owned(),
        Form::Clear => "clear".to_owned(),
        Form::Empty => "empty".to_owned(),
    };
    let form = row.custody.map_or_else(|| form.clone(), |it| format!("{form}, {}", it.word()));
    let kind = row.kind.as_ref().map_or("-", |kind| kind.as_str());
    let last = row.due.map(|due| format!("due {due}"));
    let last = last.or_else(|| row.end_by.map(|last| format!("end by {last}")));
    let due = match (last, row.days_left) {
        (Some(last), Some(left)) if left < 0 => format!("{last}, {} late", days(-left)),
        (Some(last), Some(left)) => format!("{last}, in {}", days(left)),
        _ => "-".to_owned(),
    };
    let due = match &row.obligation {
        Some(debt) => format!("{due}; {}", owed::what(debt)),
        None => due,
    };
    [safe(&row.name).into_owned(), form, kind.to_owned(), due]
}

fn row(row: &Row) -> Value {
    json!({
        "name": row.name,
        "address": row.address,
        "environment": row.address.env,
        "path": row.address.path,
        "key": row.address.key,
        "form": match row.form {
            Form::Sealed => "sealed",
            Form::Dropped => "dropped",
            Form::SealedList(_) => "sealed-list",
            Form::SealedFile => "sealed-file",
            Form::Clear => "clear",
            Form::Empty => "empty",
        },
        "type": row.kind,
        "due": row.due.map(|due| due.to_string()),
        "end_by": row.end_by.map(|last| last.to_string()),
        "days_left": row.days_left,
        "made": {
            "by": row.made.by,
            "time": row.made.time.to_string(),
            "entry": row.made.entry,
        },
        "obligation": row.obligation.as_ref().map(|debt| {
            let mut all = owed::cause(debt);
            all["owed"] = json!(debt.owed.word());
            all
        }),
        "owner": row.owner,
        "custody": row.custody.map(Holder::word),
    })
}
