//! Answers to requests with an idempotency token.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// How many answers are kept for repetitions: a few megabytes, and more writes than anybody repeats one after.
const MAX_ANSWERS: usize = 5_000;
/// How long they may be together: an ordinary one has a few hundred bytes, the longest a few hundred thousand.
const MAX_ANSWERED: usize = 16 << 20;

/// An operation and an idempotency token.
type AnswerKey = (Cow<'static, str>, String);

/// The newest answers to requests with a token, as text: a tree of an answer takes ten times as much.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Answers {
    by_key: BTreeMap<AnswerKey, Box<str>>,
    order: VecDeque<AnswerKey>,
    /// Bytes of all answers.
    size: usize,
}

/// Kept in their order.
impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let answers = self.order.iter();
        serializer.collect_seq(answers.filter_map(|key| Some((key, self.by_key.get(key)?))))
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Vec::<(AnswerKey, Box<str>)>::deserialize(deserializer)?;
        let mut answers = Self::default();
        for (key, answer) in kept {
            answers.put(key, answer);
        }
        Ok(answers)
    }
}

impl Answers {
    pub(in crate::emulator) fn get(&self, key: &AnswerKey) -> Option<Value> {
        serde_json::from_str(self.by_key.get(key)?).ok()
    }

    /// Keeps one more and forgets the oldest beyond the limit.
    pub(in crate::emulator) fn keep(&mut self, key: AnswerKey, answer: &Value) {
        self.put(key, answer.to_string().into_boxed_str());
    }

    fn put(&mut self, key: AnswerKey, answer: Box<str>) {
        self.size += answer.len();
        match self.by_key.insert(key.clone(), answer) {
            Some(old) => self.size -= old.len(),
            None => self.order.push_back(key),
        }
        while self.order.len() > MAX_ANSWERS || self.size > MAX_ANSWERED {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let gone = self.by_key.remove(&oldest);
            self.size -= gone.map_or(0, |answer| answer.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answers_are_forgotten() {
        let mut answers = Answers::default();
        for number in 0..=MAX_ANSWERS {
            answers.keep(("CreateProduct".into(), number.to_string()), &number.into());
        }
        let kept = |number: usize| {
            answers
                .get(&("CreateProduct".into(), number.to_string()))
                .is_some()
        };
        assert!(!kept(0) && kept(1) && kept(MAX_ANSWERS));
        assert_eq!(answers.by_key.len(), MAX_ANSWERS);
        let last = ("CreateProduct".into(), MAX_ANSWERS.to_string());
        assert_eq!(answers.get(&last), Some(MAX_ANSWERS.into()));
    }

    #[test]
    fn long_answers_push_out_the_oldest() {
        let mut answers = Answers::default();
        let long = Value::from("x".repeat(MAX_ANSWERED / 4));
        for number in 0..6 {
            answers.keep(("CreateProduct".into(), number.to_string()), &long);
        }
        // A repetition counts once.
        answers.keep(("CreateProduct".into(), "5".to_owned()), &long);
        assert_eq!(answers.by_key.len(), 3);
        assert!(answers.size <= MAX_ANSWERED);
        let last = ("CreateProduct".into(), "5".to_owned());
        assert_eq!(answers.get(&last), Some(long));
        let text = serde_json::to_string(&answers).unwrap();
        let again: Answers = serde_json::from_str(&text).unwrap();
        assert_eq!((again.size, again.order), (answers.size, answers.order));
    }
}
