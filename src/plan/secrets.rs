//! The secrets that a pass knows, and everything that a service has said without them (promise 8): services repeat the
//! values that they refuse, and what they said of an earlier failure stays with what failed.

use crate::diff::normalise::MASKED;
use crate::model::desired::{Desired, ProvisionedProduct, TemplateSource};
use crate::model::observed::{LiveProvisioned, Observed};
use crate::model::secret::Secrets;
use crate::model::template::ParameterDecl;

/// A shorter one is taken out of what is said of its own object alone: elsewhere `1` or `yes` is hardly this one, and what
/// is left of a message would help nobody.
pub const TELLING: usize = 4;

/// Whatever is secret of what sources want and of what is live.
pub fn known(sources: &[&Desired], observed: &Observed) -> Secrets {
    let mut secrets = secure_strings(observed);
    for source in sources {
        for want in source.provisioned.values() {
            secrets.extend(&own(source, want, observed));
        }
    }
    secrets
}

/// The SecureStrings that manifests take values from.
pub(crate) fn secure_strings(observed: &Observed) -> Secrets {
    let stored = observed.ssm.values().filter(|stored| stored.secret);
    stored.map(|stored| stored.value.as_str()).collect()
}

/// Takes secrets out of all that services say in what was read: `all` of them everywhere, and an object's own however
/// short they are.
pub fn scrub(observed: &mut Observed, sources: &[&Desired], all: &Secrets) {
    let telling = all.longer(TELLING);
    let mut short: Vec<(&str, Secrets)> = Vec::new();
    for source in sources {
        let wanted = source.provisioned.values();
        short.extend(wanted.map(|want| (want.live_name.as_str(), own(source, want, observed))));
    }
    for live in observed.provisioned.values_mut() {
        let Some(message) = &mut live.status_message else {
            continue;
        };
        let mut of_it = telling.clone();
        let own = short.iter().filter(|(name, _)| *name == live.name);
        own.for_each(|(_, secrets)| of_it.extend(secrets));
        of_it.take_out(message);
    }
    for product in observed.products.values_mut() {
        let last = product
            .source_connection
            .as_mut()
            .and_then(|c| c.last_sync.as_mut());
        if let Some(message) = last.and_then(|last| last.message.as_mut()) {
            telling.take_out(message);
        }
    }
    for gap in &mut observed.gaps {
        telling.take_out(&mut gap.reason);
    }
}

/// The secret values that one manifest gives: those of NoEcho parameters, and of all of which nothing is known.
fn own(source: &Desired, want: &ProvisionedProduct, observed: &Observed) -> Secrets {
    let mut all = observed.provisioned.values();
    let live = all.find(|live| live.name == want.live_name);
    let declared = declared(source, want, live, observed);
    let mut secrets = Secrets::default();
    for (key, parameter) in want.parameters.iter().flatten() {
        let Some(text) = parameter.value.written() else {
            continue;
        };
        let stack = live.and_then(|live| live.stack.as_ref());
        let shown = stack.and_then(|stack| stack.parameters.get(key));
        let mut decls = declared
            .iter()
            .copied()
            .flatten()
            .filter(|decl| decl.key == *key);
        let hidden = decls.clone().any(|decl| decl.no_echo)
            || shown.is_some_and(|value| value == MASKED)
            || (decls.next().is_none() && shown.is_none());
        if hidden {
            secrets.insert(&text);
        }
    }
    secrets
}

/// The parameters of all versions that a manifest's values may have gone to.
fn declared<'a>(
    source: &'a Desired,
    want: &ProvisionedProduct,
    live: Option<&LiveProvisioned>,
    observed: &'a Observed,
) -> Vec<&'a [ParameterDecl]> {
    let product = source.products.get(&want.product);
    let listed = product.into_iter().flat_map(|product| &product.versions);
    let listed = listed.filter_map(|version| match &version.source {
        TemplateSource::File { parameters, .. } => parameters.as_deref(),
        TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
    });
    let mut all: Vec<&[ParameterDecl]> = listed.collect();
    let products = live.into_iter().flat_map(|live| {
        let running = live.running.as_ref().map(|running| &running.product);
        running.into_iter().chain([&live.product])
    });
    let products = products.filter_map(|id| observed.products.get(id));
    let versions = products.flat_map(|product| &product.versions);
    let contents = versions.filter_map(|version| version.content.as_ref());
    all.extend(contents.filter_map(|content| content.parameters.as_deref()));
    all
}
