//! Records: what happened to provisioned products (facts §9.3).

use serde_json::{Value, json};

use super::input::tag_list;
use super::provision::Target;
use super::{Call, Operation, invalid, not_found, provisioned};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::Output;
use crate::emulator::state::{Provisioned, Record, RecordStatus};
use crate::emulator::{ids, page, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::describe("DescribeRecord", describe)
        .within("for everybody in the account but a former owner"),
    Operation::list("ListRecordHistory", history).guesses(&[(
        "other keys of SearchFilter, and a Key or a Value alone",
        "InvalidParametersException",
    )]),
    Operation::describe("GetProvisionedProductOutputs", outputs)
        .guesses(&[("OutputKeys that there are none of", "left out")]),
];

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let record = call.seen().records.get(id);
    let record = record.ok_or_else(|| not_found(format!("Record {id} not found.")))?;
    // A previous owner still sees the history, but not the records (facts §9.3).
    let of = call.seen().provisioned.get(&record.provisioned);
    if of.is_some_and(|row| !provisioned::visible(call, row)) {
        return Err(not_found(format!("Record {id} not found.")));
    }
    let outputs = record.outputs.iter().map(output).collect();
    let mut answer = page::answer("RecordOutputs", call.page()?.by_offset(outputs));
    answer["RecordDetail"] = detail(record);
    Ok(answer)
}

/// Newest first (facts §9.3).
fn history(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let level = provisioned::Level::of(call, "User")?;
    let filter = call.input.object("SearchFilter");
    let filter = match filter.map(|filter| (filter.text("Key"), filter.text("Value"))) {
        None | Some((None, None)) => None,
        Some((Some(key), Some(value))) => Some((key, value)),
        // The model requires neither; that half a filter is refused is a guess.
        Some(_) => return Err(invalid("SearchFilter must have a Key and a Value.")),
    };
    let (product, provisioned) = match filter {
        None => (None, None),
        Some(("product", id)) => (Some(id), None),
        Some(("provisionedproduct", id)) => (None, Some(id)),
        // The key is a free text in the model; the refusal of others is a guess.
        Some((key, _)) => return Err(invalid(format!("Invalid search filter key: {key}"))),
    };
    let matches = |record: &Record| {
        product.is_none_or(|id| record.product == id)
            && provisioned.is_none_or(|id| record.provisioned == id)
    };
    let catalog = call.seen();
    let page = call.page()?;
    // Places rise, and pages go on where they rise: newest first is counted down.
    let down = |place: u64| u64::MAX - place;
    let rows = catalog.records.before(page.after().map(down));
    let rows = rows.filter(|(_, record)| {
        // A new owner sees all of it, a former one what he did (facts §9.3).
        let of = catalog.provisioned.get(&record.provisioned);
        let owned = of.is_some_and(|row| level.admits(&row.user, &row.session));
        matches(record) && (owned || level.admits(&record.user, &record.session))
    });
    let rows = rows.map(|(place, record)| (down(place), record));
    let found = page.by_place(rows, |record| detail(record));
    Ok(page::answer("RecordDetails", found))
}

fn outputs(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let wanted = input.one_of("ProvisionedProductId", "ProvisionedProductName")?;
    let catalog = call.seen();
    let found = provisioned::find_own(call, catalog, wanted)?;
    let last = found.last_success.as_ref();
    let record = last.and_then(|id| catalog.records.get(id)).ok_or_else(|| {
        // The text is quoted by clients that match on it (facts §2.1).
        invalid("Last Successful Provisioning Record doesn't exist.")
    })?;
    // What becomes of a key that is none was not found: it is passed over (a guess).
    let keys: Vec<&str> = input.texts("OutputKeys").collect();
    let found = record.outputs.iter();
    let found = found.filter(|output| keys.is_empty() || keys.contains(&output.key.as_str()));
    let found = call.page()?.by_offset(found.map(output).collect());
    Ok(page::answer("Outputs", found))
}

/// What a record is about.
pub(super) struct Subject {
    pub(super) provisioned: String,
    pub(super) provisioned_name: String,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) path: Option<String>,
    pub(super) launch_role: Option<String>,
    /// It is a stack set.
    pub(super) set: bool,
}

impl Subject {
    /// A provisioned product as it is.
    pub(super) fn of(present: &Provisioned) -> Self {
        Self {
            provisioned: present.id.clone(),
            provisioned_name: present.name.clone(),
            product: present.product.clone(),
            version: present.version.clone(),
            path: present.path.clone(),
            launch_role: present.launch_role.clone(),
            set: present.set,
        }
    }

    /// One that a launch or an update aims at.
    pub(super) fn aimed(id: &str, name: &str, target: &Target) -> Self {
        Self {
            provisioned: id.to_owned(),
            provisioned_name: name.to_owned(),
            product: target.product.id.clone(),
            version: target.version.id.clone(),
            path: Some(ids::path_id(&target.portfolio.id)),
            launch_role: target.policy.launch_role.clone(),
            set: target.policy.stack_set.is_some(),
        }
    }
}

/// A record of the caller's in CREATED: its tags are not shown yet (facts §9.3).
pub(super) fn open(call: &mut Call<'_>, kind: &'static str, about: Subject) -> Record {
    let now = wire::whole_millis(call.ctx.now);
    Record {
        id: call.ctx.new_id("rec"),
        kind: kind.into(),
        set: about.set,
        status: RecordStatus::Created,
        created: now,
        updated: now,
        provisioned: about.provisioned,
        provisioned_name: about.provisioned_name,
        product: about.product,
        version: about.version,
        path: about.path,
        launch_role: about.launch_role,
        tags: Vec::new(),
        errors: Vec::new(),
        outputs: Vec::new(),
        user: call.ctx.caller.principal.clone(),
        session: call.ctx.caller.arn.clone(),
    }
}

/// `RecordDetail`.
pub(super) fn detail(record: &Record) -> Value {
    let errors = record.errors.iter();
    let errors = errors.map(|(code, said)| json!({"Code": code, "Description": said}));
    // Shown once the record has left CREATED, as in the transcripts (facts §9.3).
    let tags = record.tags.iter().map(|(key, value)| (key, value));
    json!({
        "CreatedTime": wire::time(record.created),
        "LaunchRoleArn": record.launch_role,
        "PathId": record.path,
        "ProductId": record.product,
        "ProvisionedProductId": record.provisioned,
        "ProvisionedProductName": record.provisioned_name,
        "ProvisionedProductType": provisioned::kind(record.set),
        "ProvisioningArtifactId": record.version,
        "RecordErrors": errors.collect::<Value>(),
        "RecordId": record.id,
        "RecordTags": tag_list(tags),
        "RecordType": record.kind,
        "Status": record.status.as_str(),
        "UpdatedTime": wire::time(record.updated),
    })
}

fn output(output: &Output) -> Value {
    json!({
        "Description": output.description,
        "OutputKey": output.key,
        "OutputValue": output.value,
    })
}
