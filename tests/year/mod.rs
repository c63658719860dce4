//! A year of twelve people, four environments and four hundred secrets: each day `check` tells exactly what
//! an independent model computes. Random, and the same each time.

mod model;
mod town;

use model::{ENVS, KINDS};
use town::{Size, Town};

use crate::support::say;

/// Lives some days.
fn live(size: &Size) {
    let mut town = Town::new(size);
    for day in 0..size.days {
        town.sunrise(day);
        if day < size.files {
            for (env, _) in ENVS {
                town.founds(env, day);
            }
        }
        town.somebody_joins_or_leaves();
        town.apart();
        for (env, _) in ENVS {
            if town.chance(1, 9) {
                town.pays(env);
            }
            if town.chance(1, 6) {
                town.ends_some(env);
            }
        }
        if town.chance(1, 2) {
            town.rotates_one();
        }
        match town.below(12) {
            0 => town.renames_one(),
            1 => town.removes_one(),
            2 => town.adds_one(),
            _ => {}
        }
        let alarms =
            [(3, "staging", false, false), (5, "qa", false, true), (7, "prod", true, false)];
        for (_, env, one, drill) in alarms.into_iter().filter(|it| it.0 * size.days / 12 == day) {
            town.alarm(env, one, drill);
        }
        town.closes();
        town.sunset();
        if size.days > 100 && day % 30 == 29 {
            say(&format!("the year: {} days of {} are as the model says", day + 1, size.days));
        }
    }
    town.was_lively();
}

#[test]
fn two_months_of_a_small_team_end_each_day_as_the_model_says() {
    live(&Size { seed: 7, days: 60, files: 4, keys: KINDS.len() });
}

/// Says each month that it goes on.
#[test]
#[ignore = "takes a quarter of an hour: cargo test --test tenure -- --ignored --nocapture a_year"]
fn a_year_ends_each_day_as_the_model_says() {
    live(&Size { seed: 2026, days: 365, files: 10, keys: 2 * KINDS.len() });
}
