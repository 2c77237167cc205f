//! The program `aos` as a process: what it prints, where, and how it exits.

mod budgets;
mod certify;
mod documents;
mod examples;
mod full_disk;
mod hostile_files;
mod interrupted;
mod invoke;
mod journals;
mod logs;
mod models;
mod new_skill;
mod offline;
mod out_of_memory;
mod process;
mod pty;
mod reports;
mod run_and_replay;
mod secure;
mod serve;
mod shared_budget;
mod skills;
mod terminal;
mod watch;
