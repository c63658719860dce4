//! The command line: parse, make what a command needs, run it, end with its exit code.

pub mod exit;
pub mod failure;
pub mod global;

mod commands;
mod hints;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::deeds::DeedError;
use crate::output::progress::Bars;
use crate::output::{Colour, Form, Output, OutputError, Volume};
use crate::world::harden::harden;
use crate::world::terminal::Prompts;
use crate::world::{
    Checkout, Consent, Demands, Environment, Notes, Settings, World, Writes, current_folder, now,
};
use exit::Exit;
use failure::Failure;
use global::{ColorWhen, Global};

/// Why the command line itself refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CliError {
    /// A manual page of a command that is none.
    #[error("there is no command `{command}`")]
    NoSuchPage { command: String },
}

/// Keep secrets encrypted in git: who may read them, until when they may live, who put them there
#[derive(Debug, Parser)]
#[command(name = "tenure", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  tenure init                          start here: a key, a policy, the hook
  tenure set dev/API_KEY               asks for the value
  tenure run -e dev -- npm start       the values as variables of one program
  tenure check                         the verdict; needs no key
  tenure man | man -l -                this, as a manual page

Exit codes: 0 done, 1 found something, 2 refused, 3 policy or file invalid, 4 no key,
5 not to be trusted, 6 no such thing, 7 aborted, 141 our reader went away";

#[derive(Debug, Subcommand)]
enum Command {
    Init(commands::init::Args),
    Key(commands::key::Args),
    Join(commands::join::Args),
    Whoami(commands::whoami::Args),
    Doctor(commands::doctor::Args),
    Get(commands::get::Args),
    Set(commands::set::Args),
    Request(commands::request::Args),
    #[command(visible_alias = "rm")]
    Unset(commands::unset::Args),
    Edit(commands::edit::Args),
    #[command(visible_alias = "encrypt")]
    Seal(commands::seal::Args),
    Rotate(commands::rotate::Args),
    Extend(commands::extend::Args),
    #[command(visible_alias = "updatekeys")]
    Rekey(commands::rekey::Args),
    Mv(commands::mv::Args),
    Restore(commands::restore::Args),
    Resolve(commands::resolve::Args),
    #[command(visible_alias = "ls")]
    List(commands::list::Args),
    Status(commands::status::Args),
    #[command(visible_alias = "decrypt")]
    Open(commands::open::Args),
    #[command(visible_alias = "exec")]
    Run(commands::run::Args),
    Export(commands::export::Args),
    Member(commands::member::Args),
    Policy(commands::policy::Args),
    WhoCan(commands::who_can::Args),
    WhatCan(commands::what_can::Args),
    Incident(commands::incident::Args),
    Exposure(commands::exposure::Args),
    Check(commands::check::Args),
    Scan(commands::scan::Args),
    Allow(commands::allow::Args),
    Hook(commands::hook::Args),
    Log(commands::log::Args),
    Trust(commands::trust::Args),
    Report(commands::report::Args),
    Textconv(commands::textconv::Args),
    #[command(name = "merge-driver")]
    MergeDriver(commands::merge_driver::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
    Help(commands::help::Args),
}

/// Gives the grammar of the command line, for completions, manual pages and `docs/cli.md`.
#[must_use]
pub fn grammar() -> clap::Command {
    Cli::command()
}

/// Runs the program from its arguments to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let mut streams = Streams::open();
    let parsed = grammar().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let exit = match parsed {
        Ok(cli) => obey(&cli, &mut streams),
        Err(refusal) => match explain(refusal, &mut streams) {
            Exit::Refused if is_run() => Exit::NotStarted,
            exit => exit,
        },
    };
    ExitCode::from(exit.code())
}

/// Tells whether the arguments, right or wrong, ask for `run`: its refusals must not look like an exit of
/// the program that it was to start.
fn is_run() -> bool {
    let lenient = grammar().ignore_errors(true).try_get_matches();
    lenient.is_ok_and(|matches| matches.subcommand_name() == Some("run"))
}

fn obey(cli: &Cli, streams: &mut Streams) -> Exit {
    let mut out = streams.output(&cli.global).standing(Box::new(root_from_here(&cli.global)));
    let exit = dispatch(cli, &mut out).unwrap_or_else(|failure| failure.tell(&mut out));
    if cli.global.dry_run && exit == Exit::Done {
        out.note("dry run: nothing was written, whatever is said above");
    }
    exit
}

/// How the repository's root is called where the user stands, who may have started git, which started us; none
/// where that is the root.
fn root_from_here(global: &Global) -> impl Fn() -> Option<String> + use<> {
    let dir = global.dir.clone();
    move || {
        let (here, environment) = (current_folder().ok()?, Environment::read());
        let from = dir.as_ref().map_or(here.clone(), |dir| here.join(dir));
        let checkout = Checkout::discover(&from, &environment).ok()?;
        let root =
            checkout.root_from(&environment.git_prefix.map_or(here.clone(), |it| here.join(it)))?;
        Some(root.display().to_string())
    }
}

fn dispatch(cli: &Cli, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(args) => commands::init::run(&world(global)?, args, out),
        Command::Key(args) => commands::key::run(&world(global)?, args, out),
        Command::Join(args) => commands::join::run(&world(global)?, args, out),
        Command::Whoami(args) => commands::whoami::run(&world(global)?, args, out),
        Command::Doctor(args) => commands::doctor::run(&world(global)?, args, out),
        Command::Get(args) => commands::get::run(&world(global)?, global, args, out),
        Command::Set(args) => commands::set::run(&world(global)?, global, args, out),
        Command::Request(args) => commands::request::run(&world(global)?, global, args, out),
        Command::Unset(args) => commands::unset::run(&world(global)?, global, args, out),
        Command::Edit(args) => commands::edit::run(&world(global)?, global, args, out),
        Command::Seal(args) => commands::seal::run(&world(global)?, global, args, out),
        Command::Rotate(args) => commands::rotate::run(&world(global)?, global, args, out),
        Command::Extend(args) => commands::extend::run(&world(global)?, global, args, out),
        Command::Rekey(args) => commands::rekey::run(&world(global)?, global, args, out),
        Command::Mv(args) => commands::mv::run(&world(global)?, global, args, out),
        Command::Restore(args) => commands::restore::run(&world(global)?, global, args, out),
        Command::Resolve(args) => commands::resolve::run(&world(global)?, global, args, out),
        Command::List(args) => commands::list::run(world(global)?, global, args, out),
        Command::Status(args) => commands::status::run(world(global)?, global, args, out),
        Command::Open(args) => commands::open::run(&world(global)?, global, args, out),
        Command::Run(args) => commands::run::run(world(global), global, args, out),
        Command::Export(args) => commands::export::run(&world(global)?, global, args, out),
        Command::Member(args) => commands::member::run(&world(global)?, args, out),
        Command::Policy(args) => commands::policy::run(&world(global)?, args, out),
        Command::WhoCan(args) => commands::who_can::run(&world(global)?, global, args, out),
        Command::WhatCan(args) => commands::what_can::run(&world(global)?, args, out),
        Command::Incident(args) => commands::incident::run(&world(global)?, global, args, out),
        Command::Exposure(args) => commands::exposure::run(world(global)?, global, args, out),
        Command::Check(args) => commands::check::run(world(global)?, global, args, out),
        Command::Scan(args) => commands::scan::run(&world(global)?, global, args, out),
        Command::Allow(args) => commands::allow::run(&world(global)?, args, out),
        Command::Hook(args) => {
            commands::hook::run(&world_for(global, args.prompts())?, global, args, out)
        }
        Command::Log(args) => commands::log::run(&world(global)?, global, args, out),
        Command::Report(args) => commands::report::run(world(global)?, global, args, out),
        Command::Trust(args) => commands::trust::run(&world(global)?, args, out),
        Command::Textconv(args) => commands::textconv::run(&world(global)?, args, out),
        Command::MergeDriver(args) => commands::merge_driver::run(&world(global)?, args, out),
        Command::Completions(args) => commands::completions::run(args, out),
        Command::Man(args) => commands::man::run(args, out),
        Command::Help(args) => commands::help::run(args, out),
    }
}

/// Puts together what a command is given of the outside, and closes the process off before any key is
/// read.
fn world(global: &Global) -> Result<World, Failure> {
    world_for(global, Prompts::Allowed)
}

/// As [`world`], for a command that may never ask.
fn world_for(global: &Global, prompts: Prompts) -> Result<World, Failure> {
    let hardened = harden().map_err(DeedError::from)?;
    let here = current_folder().map_err(DeedError::from)?;
    let settings = Settings {
        from: global.dir.as_ref().map_or(here.clone(), |dir| here.join(dir)),
        now: global.now.unwrap_or_else(now),
        identity_files: global.identity.iter().map(|path| here.join(path)).collect(),
        root: global.root,
        demands: Demands {
            min_policy: global.min_policy,
            base: global.base_revision.clone(),
            max_age: global.max_age,
        },
        prompts: if global.non_interactive { Prompts::Forbidden } else { prompts },
        consent: if global.yes { Consent::Given } else { Consent::Ask },
        writes: if global.dry_run { Writes::Dry } else { Writes::Real },
        notes: if global.quiet { Notes::Kept } else { Notes::Said },
        hardened: Some(hardened),
    };
    Ok(World::new(Environment::read(), settings))
}

/// Prints what clap has to say: help and version on stdout, a usage error on stderr.
fn explain(mut refusal: clap::Error, streams: &mut Streams) -> Exit {
    if matches!(refusal.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let text = match streams.stdout_colour {
            Colour::On => refusal.render().ansi().to_string(),
            Colour::Off => refusal.render().to_string(),
        };
        let told = streams.stdout.write_all(text.as_bytes()).and_then(|()| streams.stdout.flush());
        return if told.is_ok() { Exit::Done } else { Exit::ReaderGone };
    }
    hide_stray_word(&mut refusal);
    let mut out = Output::new(&mut streams.stdout, &mut streams.stderr);
    out.fail(&refusal.render().to_string(), &serde_json::Value::Null);
    Exit::Refused
}

/// Keeps a word that stands where none belongs out of the message: it may be a secret, and the
/// message may end in the log of a CI job.
fn hide_stray_word(refusal: &mut clap::Error) {
    let stray = match refusal.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) => !word.starts_with('-'),
        _ => false,
    };
    if refusal.kind() == ErrorKind::UnknownArgument && stray {
        refusal.insert(ContextKind::InvalidArg, ContextValue::String("…".to_owned()));
        refusal.remove(ContextKind::Suggested);
    }
}

/// The two streams we write to, and whether somebody sees colours there.
struct Streams {
    stdout: io::Stdout,
    stderr: io::Stderr,
    stdout_colour: Colour,
    stderr_colour: Colour,
}

impl Streams {
    #[expect(clippy::disallowed_methods, reason = "stands before any world is made")]
    fn open() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colour = |seen: bool| if wanted && seen { Colour::On } else { Colour::Off };
        let (stdout_colour, stderr_colour) =
            (colour(stdout.is_terminal()), colour(stderr.is_terminal()));
        Self { stdout, stderr, stdout_colour, stderr_colour }
    }

    fn output(&mut self, global: &Global) -> Output<'_> {
        let (stdout_colour, stderr_colour) = match global.color {
            ColorWhen::Auto => (self.stdout_colour, self.stderr_colour),
            ColorWhen::Always => (Colour::On, Colour::On),
            ColorWhen::Never => (Colour::Off, Colour::Off),
        };
        let form = if global.json { Form::Json } else { Form::Human };
        let bars = if self.stderr.is_terminal() { Bars::Shown } else { Bars::Hidden };
        let volume = match (global.quiet, global.verbose) {
            (true, _) => Volume::Quiet,
            (false, true) => Volume::Verbose,
            (false, false) => Volume::Normal,
        };
        Output::new(&mut self.stdout, &mut self.stderr)
            .form(form)
            .volume(volume)
            .colour(stdout_colour, stderr_colour)
            .bars(bars)
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        let advice = hints::cli::advice(&error);
        Self::new(error, advice)
    }
}

impl From<DeedError> for Failure {
    fn from(error: DeedError) -> Self {
        let advice = hints::deeds::advice(&error);
        match advice.exit {
            Exit::ReaderGone => Self::ReaderGone,
            _ => Self::new(error, advice),
        }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::ReaderGone => Self::ReaderGone,
            OutputError::Lost(_) => {
                let advice = hints::output::advice(&error);
                Self::new(error, advice)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_holds_together() {
        grammar().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        let after = Cli::try_parse_from(["tenure", "man", "-e", "dev", "--json"]).unwrap();
        let before = Cli::try_parse_from(["tenure", "-e", "dev", "--json", "man"]).unwrap();
        assert_eq!(after.global.env, before.global.env);
        assert!(after.global.json && before.global.json);
    }

    #[test]
    fn identities_add_up() {
        let cli = Cli::try_parse_from(["tenure", "-i", "a", "-i", "b", "man"]).unwrap();
        assert_eq!(cli.global.identity.len(), 2);
    }

    #[test]
    fn a_root_of_another_shape_is_refused() {
        let refused = Cli::try_parse_from(["tenure", "--root", "7c1e", "man"]).unwrap_err();
        assert_eq!(refused.exit_code(), i32::from(Exit::Refused.code()));
    }

    #[test]
    fn every_option_and_command_is_explained() {
        fn unexplained(command: &clap::Command) -> Vec<String> {
            let silent = command.get_arguments().filter(|arg| arg.get_help().is_none());
            let options = silent.map(|arg| format!("{} {}", command.get_name(), arg.get_id()));
            let about = command.get_about().is_none().then(|| command.get_name().to_owned());
            options.chain(about).chain(command.get_subcommands().flat_map(unexplained)).collect()
        }
        assert_eq!(unexplained(&grammar()), Vec::<String>::new());
    }
}
