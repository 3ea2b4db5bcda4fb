//! Portfolios (facts §9.5).

use serde_json::{Value, json};

use super::input::tag_list;
use super::{Call, Operation, budget, in_use, no_portfolio, no_product, tag_option};
use crate::emulator::api::ApiError;
use crate::emulator::state::{Portfolio, Tags};
use crate::emulator::{ids, page, quota, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreatePortfolio", create).with_token("IdempotencyToken"),
    Operation::write("UpdatePortfolio", update).within("whole; removes tags before it adds"),
    Operation::write("DeletePortfolio", delete).guesses(&[
        (
            "what stands in the way, beside principals",
            "ResourceInUseException, \"Portfolio … still has associated …\"",
        ),
        ("a portfolio with budgets", "they go with it"),
    ]),
    Operation::describe("DescribePortfolio", describe).guesses(&[
        ("Tags of another account's portfolio", "its owner's"),
        ("Budgets of another account's portfolio", "none"),
    ]),
    Operation::list("ListPortfolios", list),
    Operation::list("ListPortfoliosForProduct", list_for_product).guesses(&[(
        "portfolios of a product of another account",
        "one's own that it was added to, and the shared ones that hold it",
    )]),
];

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let present = call.newest().portfolios.len();
    quota::room(call.quotas, present, quota::PORTFOLIOS, "portfolios")?;
    let tags: Tags = call.input.tags("Tags")?.into_iter().collect();
    let id = call.ctx.new_id("port");
    let mut portfolio = Portfolio {
        id: id.clone(),
        account: call.account().to_owned(),
        name: call.input.need("DisplayName")?.to_owned(),
        description: call.input.owned("Description"),
        provider: call.input.need("ProviderName")?.to_owned(),
        tags,
        created: wire::whole_millis(call.ctx.now),
        products: Vec::new(),
        principals: Vec::new(),
        constraints: Default::default(),
        attached: Default::default(),
    };
    portfolio.attached.tagged = !portfolio.tags.is_empty();
    // The transcript of a creation without tags has no Tags at all (facts §9.5).
    let tags = (!portfolio.tags.is_empty()).then(|| tag_list(&portfolio.tags));
    let answer = json!({ "PortfolioDetail": detail(call, &portfolio), "Tags": tags });
    call.edit().portfolios.insert(&id, portfolio);
    Ok(answer)
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (input, quotas) = (call.input, call.quotas);
    let id = input.need("Id")?;
    let present = call.newest().portfolios.get(id);
    let mut portfolio = present.ok_or_else(|| no_portfolio(id))?.as_ref().clone();
    if let Some(name) = input.owned("DisplayName") {
        portfolio.name = name;
    }
    if let Some(description) = input.owned("Description") {
        portfolio.description = Some(description);
    }
    if let Some(provider) = input.owned("ProviderName") {
        portfolio.provider = provider;
    }
    input.retag(&mut portfolio.tags)?;
    portfolio.attached.tagged |= !portfolio.tags.is_empty();
    quota::fits(quotas, portfolio.tags.len(), quota::TAGS, "tags")?;
    let answer = json!({
        "PortfolioDetail": detail(call, &portfolio),
        "Tags": tag_list(&portfolio.tags),
    });
    if let Some(present) = call.edit().portfolios.edit(id) {
        *present = portfolio;
    }
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let portfolio = call.newest().portfolios.get(id);
    let portfolio = portfolio.ok_or_else(|| no_portfolio(id))?;
    // The text about principals was printed; the others follow its pattern (a guess). The administrator's guide
    // names TagOptions too, but not budgets: those go with the portfolio (a guess).
    let holds = [
        (!portfolio.principals.is_empty(), "Principals"),
        (!portfolio.constraints.is_empty(), "Constraints"),
        (!portfolio.products.is_empty(), "Products"),
        (call.is_shared(id), "Shares"),
        (!portfolio.attached.tag_options.is_empty(), "TagOptions"),
    ];
    for (holds, what) in holds {
        if holds {
            return Err(in_use(format!(
                "Portfolio {id} still has associated {what}"
            )));
        }
    }
    call.edit().portfolios.remove(id);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let view = call.view();
    let portfolio = view.portfolio(id).ok_or_else(|| no_portfolio(id))?;
    Ok(json!({
        "PortfolioDetail": detail(call, portfolio),
        "Tags": tag_list(&portfolio.tags),
        "TagOptions": tag_option::details(view.options(portfolio)),
        "Budgets": budget::details(call, &portfolio.account, &portfolio.attached),
    }))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let page = call.page()?;
    let rows = call.seen().portfolios.after(page.after());
    let found = page.by_place(rows, |row| detail(call, row));
    Ok(page::answer("PortfolioDetails", found))
}

fn list_for_product(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ProductId")?;
    let view = call.view();
    let product = view.product(id).ok_or_else(|| no_product(id))?;
    let rows = view.portfolios_of(product);
    let found = call
        .page()?
        .by_place(rows.into_iter(), |row| detail(call, row));
    Ok(page::answer("PortfolioDetails", found))
}

/// `PortfolioDetail`; of another account's its ARN says so.
pub(super) fn detail(call: &Call<'_>, portfolio: &Portfolio) -> Value {
    json!({
        "ARN": ids::portfolio_arn(&call.ctx.region, &portfolio.account, &portfolio.id),
        "CreatedTime": wire::time(portfolio.created),
        "Description": portfolio.description,
        "DisplayName": portfolio.name,
        "Id": portfolio.id,
        "ProviderName": portfolio.provider,
    })
}
