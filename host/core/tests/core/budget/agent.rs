//! A named budget beside its model: it gives no run more than there is, and its lines say at every end of a line what
//! had happened up to there.

use aos_core::agent_budget::{AgentAccount, Ledger, Movement, RunSpending, Wish};
use aos_core::failure::Failure;
use aos_core::ids::RunId;
use aos_core::units::{MAX_EXACT_INTEGER, Timestamp};
use proptest::prelude::*;

use super::agent_model::{AgentModel, Pair, Refused, Spent};
use super::machine::money;

const RUNS: usize = 4;
const MOST: u128 = MAX_EXACT_INTEGER as u128;

#[derive(Debug, Clone)]
enum Operation {
    Set(u64, u64),
    Take {
        run: usize,
        wish: (u64, u64),
        or_less: bool,
    },
    Settle {
        run: usize,
        spent: Spending,
        by_hand: bool,
    },
    Stop(String),
    Start,
    /// The end of what was written is lost: so many bytes of the last line.
    Tear(usize),
}

/// What a run says that it spent: exactly this, or of each what it had spent and a part of what it holds, and this much
/// that was billed beyond.
#[derive(Debug, Clone, Copy)]
enum Spending {
    Just(u64, u64, u64),
    Part(u8, u8, u64),
}

fn amount() -> impl Strategy<Value = u64> {
    let ends = prop::sample::select(vec![0, 1, MAX_EXACT_INTEGER - 1, MAX_EXACT_INTEGER]);
    prop_oneof![8 => 0..100_u64, 1 => ends]
}

fn limit() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..400_u64, 1 => amount()]
}

fn operation() -> impl Strategy<Value = Operation> {
    let overrun = || prop_oneof![4 => Just(0), 1 => 0..10_u64, 1 => amount()];
    let spending = prop_oneof![
        1 => (amount(), amount(), overrun()).prop_map(|(one, two, three)| Spending::Just(one, two, three)),
        6 => (any::<u8>(), any::<u8>(), overrun()).prop_map(|(one, two, three)| Spending::Part(one, two, three)),
    ];
    prop_oneof![
        2 => (limit(), limit()).prop_map(|(ceiling, to_lose)| Operation::Set(ceiling, to_lose)),
        8 => (0..RUNS, (amount(), amount()), any::<bool>())
            .prop_map(|(run, wish, or_less)| Operation::Take { run, wish, or_less }),
        6 => (0..RUNS, spending, prop::bool::weighted(0.3))
            .prop_map(|(run, spent, by_hand)| Operation::Settle { run, spent, by_hand }),
        1 => "(|too dear|\"quoted\"\n\u{1f4b8})".prop_map(Operation::Stop),
        2 => Just(Operation::Start),
        1 => (1..400_usize).prop_map(Operation::Tear),
    ]
}

/// The ledger, its lines, and the model as it was after each of them.
struct Machine {
    ledger: Ledger,
    bytes: Vec<u8>,
    ends: Vec<(usize, AgentModel)>,
    model: AgentModel,
}

impl Machine {
    fn new() -> Self {
        let model = AgentModel::of_runs(RUNS);
        let ends = vec![(0, model.clone())];
        Self { ledger: Ledger::default(), bytes: Vec::new(), ends, model }
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Set(ceiling, to_lose) => {
                let (ceiling, absorbed_ceiling) = (money((*ceiling).into()), money((*to_lose).into()));
                self.model.limits = Some((ceiling.nanos().into(), absorbed_ceiling.nanos().into()));
                self.write(Movement::Set { ceiling, absorbed_ceiling });
            }
            Operation::Take { run, wish, or_less } => {
                self.take(*run, (wish.0.into(), wish.1.into()), *or_less);
            }
            Operation::Settle { run, spent, by_hand } => {
                self.settle(*run, self.spent(*run, *spent), *by_hand)
            }
            Operation::Stop(why) => {
                self.model.stopped = Some(why.clone());
                self.write(Movement::Stopped { why: why.clone() });
            }
            Operation::Start => {
                self.model.stopped = None;
                self.write(Movement::Started);
            }
            Operation::Tear(bytes) => self.tear(*bytes),
        }
        check(self.ledger.account(), &self.model);
        assert_eq!(self.ledger.len_bytes(), self.bytes.len());
        assert_eq!(self.ledger.history().len(), self.ends.len() - 1);
    }

    fn take(&mut self, run: usize, wish: Pair, or_less: bool) {
        let journal = run.is_multiple_of(2).then(|| format!("runs/{run}.jsonl"));
        let asked = Wish {
            ceiling: money(wish.0),
            absorbed_ceiling: money(wish.1),
            or_less,
            journal: journal.clone(),
        };
        let taken = self.ledger.account().take(id(run), asked.clone());
        let expected = self.model.take(run, wish, or_less);
        let taking = match taken {
            Ok(taking) => taking,
            Err(failure) => {
                assert_eq!(plain(&failure), expected.unwrap_err(), "{failure:?}");
                return;
            }
        };
        let (in_all, took) = expected.unwrap();
        assert_eq!((taking.ceiling, taking.absorbed_ceiling), (money(in_all.0), money(in_all.1)));
        assert_eq!(taking.movement.is_some(), took, "what it holds it does not take again");
        let Some(movement) = taking.movement else { return };
        self.write(movement);
        let (taken, limits) = (self.model.taken(), self.model.limits.unwrap_or_default());
        let held = self.model.runs[run].holds.unwrap();
        assert!(held.0 == 0 || taken.0 <= limits.0, "more is taken than there is: {:?}", self.model);
        assert!(held.1 == 0 || taken.1 <= limits.1, "more is taken than there is: {:?}", self.model);
        assert_eq!(self.ledger.account().holding()[&id(run)].journal, journal);
        let again = self.ledger.account().take(id(run), asked).unwrap();
        assert_eq!((again.ceiling, again.absorbed_ceiling), (taking.ceiling, taking.absorbed_ceiling));
        assert_eq!(again.movement, None);
    }

    fn settle(&mut self, run: usize, spent: Spent, by_hand: bool) {
        let spent_by = spending(spent);
        let movement = self.ledger.account().settle(id(run), spent_by, by_hand);
        assert_eq!(movement.is_some(), self.model.settle(run, spent, by_hand));
        movement.into_iter().for_each(|movement| self.write(movement));
        assert_eq!(self.ledger.account().settle(id(run), spent_by, by_hand), None, "it counts once");
    }

    fn spent(&self, run: usize, spent: Spending) -> Spent {
        let (before, (ceiling, to_lose)) =
            (self.model.runs[run].spent, self.model.runs[run].holds.unwrap_or_default());
        let of = |part: u8, whole: u128| whole * u128::from(part) / 255;
        match spent {
            Spending::Just(charged, absorbed, overrun) => (charged.into(), absorbed.into(), overrun.into()),
            Spending::Part(charged, absorbed, overrun) => (
                (before.0 + of(charged, ceiling)).min(MOST),
                (before.1 + of(absorbed, to_lose)).min(MOST),
                (before.2 + u128::from(overrun)).min(MOST),
            ),
        }
    }

    fn write(&mut self, movement: Movement) {
        let at = Timestamp::EPOCH.plus(std::time::Duration::from_millis(self.bytes.len() as u64));
        self.bytes.extend(self.ledger.write(at, movement).unwrap());
        self.ends.push((self.bytes.len(), self.model.clone()));
    }

    /// The last line is not whole: what it would have said did not happen, and another one takes its place.
    fn tear(&mut self, bytes: usize) {
        if self.ends.len() == 1 {
            return;
        }
        let (whole, _) = self.ends.pop().unwrap();
        let (before, model) = self.ends.last().unwrap().clone();
        let kept = whole - 1 - bytes.min(whole - before - 1);
        self.ledger = Ledger::read(&self.bytes[..kept]).unwrap();
        self.bytes.truncate(before);
        self.model = model;
    }

    /// Whatever is left of the lines says what had happened at the end of the last whole one.
    fn check_prefixes(&self, cut: usize) {
        for (at, (end, model)) in self.ends.iter().enumerate() {
            let next = self.ends.get(at + 1).map_or(*end, |(next, _)| next - 1);
            for kept in [*end, *end + cut % (next - end + 1), next] {
                let read = Ledger::read(&self.bytes[..kept]).unwrap();
                check(read.account(), model);
                assert_eq!(read.history(), &self.ledger.history()[..at]);
                assert_eq!(read.len_bytes(), *end);
            }
        }
    }
}

fn check(account: &AgentAccount, model: &AgentModel) {
    let balance = account.balance();
    let ((held, to_lose), (charged, absorbed, overrun)) = (model.held(), model.spent());
    let limits = model.limits.unwrap_or_default();
    let sum = |sum: u128| money(sum.min(MOST));
    assert_eq!((balance.ceiling, balance.absorbed_ceiling), (money(limits.0), money(limits.1)));
    assert_eq!((balance.held, account.held_to_lose()), (sum(held), sum(to_lose)));
    assert_eq!(
        (balance.charged, balance.absorbed, balance.overrun),
        (sum(charged), sum(absorbed), sum(overrun))
    );
    assert_eq!((balance.refunded, balance.peak_held), (sum(0), sum(0)));
    assert_eq!(
        account.spent(),
        RunSpending { charged: sum(charged), absorbed: sum(absorbed), overrun: sum(overrun) }
    );
    let available = model.available();
    assert_eq!(account.available(), (money(available.0), money(available.1)));
    assert_eq!(account.is_set(), model.limits.is_some());
    assert_eq!(account.stopped(), model.stopped.as_deref());
    for (run, known) in model.runs.iter().enumerate() {
        let holding = account.holding().get(&id(run));
        assert_eq!(
            holding.map(|held| (held.ceiling, held.absorbed_ceiling)),
            known.holds.map(|(ceiling, to_lose)| (money(ceiling), money(to_lose)))
        );
        assert_eq!(account.spent_by(id(run)), spending(known.spent));
    }
}

fn id(run: usize) -> RunId {
    RunId::new(run as u64, [7; 10])
}

fn spending((charged, absorbed, overrun): Spent) -> RunSpending {
    RunSpending { charged: money(charged), absorbed: money(absorbed), overrun: money(overrun) }
}

fn plain(failure: &Failure) -> Refused {
    let detail = |name: &str| u128::from(failure.details.as_ref().unwrap()[name].as_u64().unwrap());
    match failure.code.as_str() {
        "BUDGET_STOPPED" => Refused::Stopped,
        "AGENT_BUDGET_EXCEEDED" => Refused::Exceeded(detail("wanted"), detail("available")),
        code => panic!("{code}"),
    }
}

proptest! {
    #[test]
    fn a_named_budget_agrees_with_its_model_and_with_its_lines(
        operations in prop::collection::vec(operation(), 1..60),
        cut in any::<usize>(),
    ) {
        let mut machine = Machine::new();
        operations.iter().for_each(|operation| machine.run(operation));
        machine.check_prefixes(cut);
    }
}

fn wish(ceiling: u64, or_less: bool) -> Wish {
    Wish { ceiling: money(ceiling.into()), absorbed_ceiling: money(0), or_less, journal: None }
}

fn ledger_of(ceiling: u128) -> Ledger {
    let mut ledger = Ledger::default();
    let set = Movement::Set { ceiling: money(ceiling), absorbed_ceiling: money(ceiling) };
    ledger.write(Timestamp::EPOCH, set).unwrap();
    ledger
}

#[test]
fn a_run_that_holds_something_gets_what_it_holds_and_no_more() {
    let mut ledger = ledger_of(60);
    let taken = ledger.account().take(id(1), wish(100, true)).unwrap();
    assert_eq!(taken.ceiling, money(60));
    ledger.write(Timestamp::EPOCH, taken.movement.unwrap()).unwrap();
    assert_eq!(ledger.account().take(id(1), wish(100, true)).unwrap().ceiling, money(60));
    assert_eq!(ledger.account().take(id(1), wish(50, false)).unwrap().ceiling, money(50));
    let refused = ledger.account().take(id(1), wish(100, false)).unwrap_err();
    assert_eq!(refused.message, "the run wants a ceiling of $0.000000100, and it holds $0.000000060");
    let refused = ledger.account().take(id(2), wish(1, false)).unwrap_err();
    assert_eq!(
        refused.message,
        "the run wants a ceiling of $0.000000001, and the budget has $0.000000000 left"
    );
}

#[test]
fn what_was_billed_beyond_a_hold_is_not_taken_once_more() {
    let mut ledger = ledger_of(100);
    let settled = ledger.account().settle(id(1), spending((30, 0, 20)), false);
    ledger.write(Timestamp::EPOCH, settled.unwrap()).unwrap();
    let taken = ledger.account().take(id(1), wish(100, false)).unwrap();
    assert_eq!(taken.ceiling, money(100), "it has spent 30 of them, and 20 were billed beyond");
    ledger.write(Timestamp::EPOCH, taken.movement.unwrap()).unwrap();
    assert_eq!(ledger.account().balance().held, money(50));
    assert_eq!(ledger.account().available(), (money(0), money(80)));
}

#[test]
fn a_budget_that_is_stopped_says_why() {
    for (why, message) in [("", "the budget is stopped"), ("too dear", "the budget is stopped: too dear")] {
        let mut ledger = ledger_of(100);
        ledger.write(Timestamp::EPOCH, Movement::Stopped { why: why.to_owned() }).unwrap();
        assert_eq!(ledger.account().take(id(1), wish(1, true)).unwrap_err().message, message);
    }
}
