//! TagOptions (facts §9.7): there is no token, and one of the same key and value is the one that is wanted.

use super::part;
use crate::aws::client::Aws;
use crate::aws::error::{Class, Failure};
use crate::aws::pace::Access;
use crate::ids::TagOptionId;
use crate::plan::op::Answer;

impl Aws {
    /// Makes it, or finds the one that is there: a lost answer's, or one that somebody made since the plan.
    pub(super) async fn create_tag_option(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreateTagOption";
        let request = self.sc().create_tag_option().key(key).value(value);
        let made = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await;
        let id = match made {
            Ok(answer) => {
                let detail = answer.tag_option_detail();
                let id = detail.and_then(|detail| detail.id());
                part(OPERATION, id.map(TagOptionId::from), "TagOption id")?
            }
            Err(failure) if failure.code == "DuplicateResourceException" => {
                match self.tag_option_of(key, value).await? {
                    Some(found) => found.id,
                    // Lists lag behind what is refused.
                    None => {
                        return Err(Failure {
                            class: Class::NotVisibleYet,
                            ..failure
                        });
                    }
                }
            }
            Err(failure) => return Err(failure),
        };
        Ok(Answer {
            tag_option: Some(id),
            ..Answer::default()
        })
    }

    /// Sends what changes alone: a value that is sent unchanged is refused (peers C5 46).
    pub(super) async fn update_tag_option(
        &self,
        id: &TagOptionId,
        active: bool,
    ) -> Result<Answer, Failure> {
        let request = self.sc().update_tag_option().id(id.as_str()).active(active);
        self.call("UpdateTagOption", Access::Write, || request.clone().send())
            .await?;
        Ok(Answer {
            tag_option: Some(id.clone()),
            ..Answer::default()
        })
    }
}
