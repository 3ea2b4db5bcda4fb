//! The templates of versions as texts: a call each, for an export. A pass needs their digests alone, which the index keeps.

use futures_util::StreamExt as _;

use super::AT_ONCE;
use crate::aws::client::Aws;
use crate::aws::index::ContentIndex;
use crate::export::{VersionText, VersionTexts};
use crate::ids::{ProductId, VersionId};
use crate::model::observed::ReadyStatus;

impl Aws {
    /// Reads versions, and tells `read` of each how many there are by then. What is read is put into the index.
    pub async fn version_texts(
        &self,
        wanted: Vec<(ProductId, VersionId)>,
        index: &mut ContentIndex,
        read: &dyn Fn(usize),
    ) -> VersionTexts {
        let calls = wanted.into_iter().map(|(product, version)| async move {
            let answer = self
                .listed(|| self.describe_version(&product, &version))
                .await;
            (version, answer)
        });
        let mut answers = futures_util::stream::iter(calls).buffer_unordered(AT_ONCE);
        let mut texts = VersionTexts::new();
        while let Some((version, answer)) = answers.next().await {
            let text = match answer {
                Ok(described) => {
                    if let (ReadyStatus::Available, Some(content)) =
                        (&described.status, &described.content)
                    {
                        index.insert(version.clone(), content.clone());
                    }
                    let content = described.content;
                    Ok(VersionText {
                        status: described.status,
                        template: described.template,
                        url: described.url,
                        stack: described.stack,
                        parameters: content.and_then(|content| content.parameters),
                    })
                }
                Err(failure) => Err(match failure.message.is_empty() {
                    true => failure.code,
                    false => format!("{}: {}", failure.code, failure.message),
                }),
            };
            texts.insert(version, text);
            read(texts.len());
        }
        texts
    }
}
