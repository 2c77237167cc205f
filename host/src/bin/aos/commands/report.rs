//! `aos report`: the picture of a run, in one file.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::certification::PublicKey;
use aos_host::ids::Digest;
use aos_host::providers::read_journal;
use aos_host::report::{Bodies, CertificateView, Report};

use super::verify::public_key;
use crate::options::Format;
use crate::render::{print, refuse_journal, say, say_torn};
use crate::report_options::ReportArgs;

/// Journals of one report: the page holds all of each.
const MOST_JOURNALS: usize = 1000;

/// Writes a report.
pub(crate) fn report(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.journals.len() <= MOST_JOURNALS,
        "a report has at most {MOST_JOURNALS} journals, and these are {}",
        args.journals.len()
    );
    let certificates = Certificates::read(args)?;
    let mut report = Report::new(if args.without_bodies { Bodies::LeftOut } else { Bodies::Shown });
    for path in &args.journals {
        let bytes = read_journal(path).with_context(|| path.display().to_string())?;
        let certificate = certificates.of(path, &bytes)?;
        match report.add(path.display().to_string(), &bytes, certificate) {
            Ok(torn) => say_torn(path, torn.map_or(0, |torn| torn.bytes)),
            Err(error) => return refuse_journal(path, &error, Format::Text),
        }
    }
    let html = report.html()?;
    let output = output(args)?;
    if output == Path::new("-") {
        print(&html)?;
        return Ok(ExitCode::SUCCESS);
    }
    write(&output, &html)?;
    say(&format!("report {}", output.display()));
    if args.open {
        open::that_detached(&output).with_context(|| format!("--open: {}", output.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the report goes. It never takes the place of a journal.
fn output(args: &ReportArgs) -> anyhow::Result<PathBuf> {
    let output = match (&args.output, args.journals.first()) {
        (Some(output), _) => output.clone(),
        (None, Some(first)) => first.with_extension("html"),
        (None, None) => PathBuf::from("report.html"),
    };
    anyhow::ensure!(!(args.open && output == Path::new("-")), "--open needs a file; leave -o - out");
    let same = |journal: &PathBuf| {
        journal == &output || std::fs::canonicalize(journal).ok() == std::fs::canonicalize(&output).ok()
    };
    anyhow::ensure!(
        !args.journals.iter().any(same),
        "-o {}: that is the journal itself; name another file",
        output.display()
    );
    Ok(output)
}

/// Writes a file whole, or leaves what was there. It is for its owner alone, as journals are.
fn write(path: &Path, html: &str) -> anyhow::Result<()> {
    let place = || format!("-o {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(place)?;
    file.write_all(html.as_bytes()).with_context(place)?;
    file.persist(path).map(|_| ()).with_context(place)
}

/// Certificates that were named, and those beside journals.
struct Certificates {
    files: Vec<Vec<u8>>,
    key: Option<PublicKey>,
}

impl Certificates {
    fn read(args: &ReportArgs) -> anyhow::Result<Self> {
        let key = args.key.as_deref().map(public_key).transpose()?;
        let read = |path: &PathBuf| {
            std::fs::read(path).with_context(|| format!("--certificates {}", path.display()))
        };
        Ok(Self { files: args.certificates.iter().map(read).collect::<Result<_, _>>()?, key })
    }

    /// The one of a journal.
    fn of(&self, journal: &Path, bytes: &[u8]) -> anyhow::Result<Option<CertificateView>> {
        let beside = journal.with_extension("intoto.jsonl");
        let beside = match std::fs::read(&beside) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| beside.display().to_string()),
        };
        let digest = Digest::of(bytes);
        let all = self.files.iter().chain(&beside);
        let found = all.filter_map(|file| CertificateView::find(file, &digest, self.key.as_ref()));
        Ok(found.min_by_key(|certificate| certificate.state as u8))
    }
}
