//! Logging: `tracing` events as lines on stderr, for a person or as JSON, with fixed field names.
//!
//! | field | of |
//! |---|---|
//! | `pass` | the number of a pass since start |
//! | `plan` | a plan's digest |
//! | `object` | a `kind/name` |
//! | `op` | an operation's name |
//! | `record` | a Service Catalog record's id |
//! | `revision` | a source's revision |
//! | `target` | an `account/region` |
//!
//! An event carries the fields of the spans around it, so a line says by itself where it belongs.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::str::FromStr;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::clock::Clock;
use crate::secret;

/// The order in which the fixed fields are shown; others follow by name.
const FIXED: [&str; 7] = [
    "pass", "revision", "target", "plan", "object", "op", "record",
];
/// Characters of one value in a text line.
const MAX_VALUE: usize = 2_000;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For a person.
    #[default]
    Text,
    /// One JSON object a line: `time`, `level`, `message`, `module` and the fields.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("{text:?} is neither `text` nor `json`")),
        }
    }
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter does not parse; `catalogd=debug,warn` is one that does.
    #[error("{filter:?} is not a log filter")]
    Filter {
        /// As given.
        filter: String,
        /// What the parser says.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else logs already.
    #[error("logging is set up already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Begins logging for the whole process.
///
/// `filter` is in `EnvFilter`'s syntax (`info`, `catalogd=debug,warn`); `color` concerns text only. `writer` is usually
/// [`io::stderr`], or [`AboveBars`] where progress bars are drawn.
///
/// # Errors
/// For a filter that does not parse, and when called twice.
pub fn init<W>(
    format: Format,
    filter: &str,
    color: bool,
    clock: Clock,
    writer: W,
) -> Result<(), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::registry()
        .with(parse_filter(filter)?)
        .with(Lines {
            format,
            color,
            clock,
            writer,
        })
        .try_init()
        .map_err(TelemetryError::Twice)
}

/// Whether an event may show what is sent: below `info` the SDK and the HTTP client write whole requests, NoEcho values
/// and credentials among them. No filter lets those out (promise 8).
fn may_hold_a_request(metadata: &tracing::Metadata<'_>) -> bool {
    let ours = metadata.target().split("::").next() == Some("catalogd");
    !ours && *metadata.level() > Level::INFO
}

fn parse_filter(filter: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|source| TelemetryError::Filter {
            filter: filter.to_owned(),
            source,
        })
}

// The spans have the level of errors so that every event within them carries their fields, whatever the filter lets
// through; a span by itself writes no line.

/// The span of one pass over a source and a target. Its `plan` is recorded once there is one:
/// `span.record("plan", …)`.
pub fn pass_span(pass: u64, revision: &str, target: &str) -> Span {
    tracing::error_span!("pass", pass, revision, target, plan = tracing::field::Empty)
}

/// The span of one step of a plan. Its `record` is recorded once the service names one.
pub fn step_span(op: &str, object: &str) -> Span {
    tracing::error_span!("step", op, object, record = tracing::field::Empty)
}

/// Writes lines above progress bars that are being drawn on stderr.
#[derive(Debug, Clone)]
pub struct AboveBars(indicatif::MultiProgress);

impl AboveBars {
    /// Above these bars.
    pub fn new(bars: indicatif::MultiProgress) -> Self {
        Self(bars)
    }
}

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'w> MakeWriter<'w> for AboveBars {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Field values by name; text is redacted as it comes in.
#[derive(Debug, Clone, Default)]
struct Fields(BTreeMap<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn ordered(&self) -> impl Iterator<Item = (&str, &Value)> {
        let fixed = FIXED
            .iter()
            .filter_map(|name| Some((*name, self.0.get(*name)?)));
        let others = self.0.iter().map(|(name, value)| (name.as_str(), value));
        fixed.chain(others.filter(|(name, _)| !FIXED.contains(name)))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, secret::masked(&format!("{value:?}")).into_owned());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, secret::masked(value).into_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}

/// The layer that writes one line an event.
struct Lines<W> {
    format: Format,
    color: bool,
    clock: Clock,
    writer: W,
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if may_hold_a_request(event.metadata()) {
            return;
        }
        let mut fields = Fields::default();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(known) = span.extensions().get::<Fields>() {
                fields.0.extend(known.0.clone());
            }
        }
        event.record(&mut fields);
        let message = match fields.0.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let (level, module) = (event.metadata().level(), event.metadata().target());
        let time = self.clock.now();
        let line = match self.format {
            Format::Text => text(time, *level, &message, &fields, self.color),
            Format::Json => json(time, *level, module, message, fields),
        };
        // One write a line, so that lines of several threads do not mix. A closed stderr is nobody's to tell.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(line.as_bytes());
    }
}

fn json(
    time: jiff::Timestamp,
    level: Level,
    module: &str,
    message: String,
    fields: Fields,
) -> String {
    // A field of ours never takes the place of one of these four.
    let mut line: serde_json::Map<String, Value> = fields.0.into_iter().collect();
    line.insert("time".into(), format!("{time:.3}").into());
    line.insert("level".into(), level.as_str().to_ascii_lowercase().into());
    line.insert("message".into(), message.into());
    line.insert("module".into(), module.into());
    let mut line = Value::Object(line).to_string();
    line.push('\n');
    line
}

fn text(
    time: jiff::Timestamp,
    level: Level,
    message: &str,
    fields: &Fields,
    color: bool,
) -> String {
    let (dim, end) = if color {
        ("\x1b[2m", "\x1b[0m")
    } else {
        ("", "")
    };
    let tint = match level {
        _ if !color => "",
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[2m",
    };
    let time = time.strftime("%H:%M:%S");
    let mut line = format!(
        "{dim}{time}{end} {tint}{level:>5}{end} {}",
        printable(message)
    );
    for (name, value) in fields.ordered() {
        let value = match value {
            Value::String(text) => printable(text),
            other => other.to_string(),
        };
        let plain = !value.is_empty() && !value.contains([' ', '"', '=']);
        let _ = match plain {
            true => write!(line, " {dim}{name}={end}{value}"),
            false => write!(line, " {dim}{name}={end}{:?}", value),
        };
    }
    line.push('\n');
    line
}

/// `text` on one line and without what could move a terminal's cursor: it may be a stranger's.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars().take(MAX_VALUE) {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What `log` writes, at a fixed time.
    fn logged(format: Format, color: bool, filter: &str, log: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Page(Arc<Mutex<Vec<u8>>>);
        impl Write for Page {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let page = Page::default();
        let writer = page.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let lines = Lines {
                format,
                color,
                clock: Clock::starting_at("2025-01-02T03:04:05.678Z".parse().unwrap()),
                writer: move || writer.clone(),
            };
            let subscriber = tracing_subscriber::registry()
                .with(parse_filter(filter).unwrap())
                .with(lines);
            tracing::subscriber::with_default(subscriber, log);
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn a_step() {
        let pass = pass_span(3, "3f2a9c1", "123456789012/us-east-1").entered();
        pass.record("plan", "p1");
        let step = step_span("CreateProduct", "product/vpc").entered();
        step.record("record", "rec-1");
        tracing::warn!(attempt = 2, why = "slow down", "the call is tried again");
    }

    #[test]
    fn a_line_says_where_it_belongs() {
        assert_eq!(
            logged(Format::Text, false, "info", a_step),
            "03:04:05  WARN the call is tried again pass=3 revision=3f2a9c1 target=123456789012/us-east-1 \
             plan=p1 object=product/vpc op=CreateProduct record=rec-1 attempt=2 why=\"slow down\"\n"
        );
        let line: Value =
            serde_json::from_str(&logged(Format::Json, true, "info", a_step)).unwrap();
        assert_eq!(
            line,
            serde_json::json!({
                "time": "2025-01-02T03:04:05.678Z", "level": "warn", "message": "the call is tried again",
                "module": "catalogd::telemetry::tests", "pass": 3, "revision": "3f2a9c1",
                "target": "123456789012/us-east-1", "plan": "p1", "object": "product/vpc",
                "op": "CreateProduct", "record": "rec-1", "attempt": 2, "why": "slow down"
            })
        );
    }

    #[test]
    fn strangers_and_secrets_stay_in_their_place() {
        let log = || {
            let said = "a\nb\x1b[2J https://me:hunter2@host/r";
            tracing::info!(said, shown = %said, debugged = ?said, time = "mine", "{said}");
        };
        for format in [Format::Text, Format::Json] {
            let line = logged(format, false, "info", log);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(
                !line.contains("hunter2") && !line.contains('\x1b'),
                "{line}"
            );
        }
        let line: Value = serde_json::from_str(&logged(Format::Json, false, "info", log)).unwrap();
        assert_eq!(line["time"], "2025-01-02T03:04:05.678Z");
    }

    #[test]
    fn filters_and_colours() {
        assert_eq!(logged(Format::Text, false, "error", a_step), "");
        assert!(logged(Format::Text, true, "info", a_step).contains("\x1b[33m WARN\x1b[0m"));
        assert!(matches!(
            parse_filter("a=b=c"),
            Err(TelemetryError::Filter { .. })
        ));
        assert_eq!("json".parse(), Ok(Format::Json));
        assert!("xml".parse::<Format>().is_err());
    }

    #[test]
    fn what_others_say_of_requests_is_never_written() {
        let strange = || {
            tracing::trace!(target: "aws_smithy_runtime::client", "hunter2");
            tracing::debug!(target: "hyper_util::client", "hunter2");
            tracing::info!(target: "aws_config", "a region was found");
            tracing::trace!("ours");
        };
        let lines = logged(Format::Text, false, "trace", strange);
        assert!(!lines.contains("hunter2"), "{lines}");
        assert!(
            lines.contains("a region was found") && lines.contains("ours"),
            "{lines}"
        );
    }
}
