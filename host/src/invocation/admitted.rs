//! A component that was admitted: what it exports, and what of that can be called.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::sidecar::{Sidecar, SkillTerms, TermLimits};
use aos_core::skill::{ExportName, ResourceContract, SkillKind, SkillMetadata};
use serde::Serialize;
use wasmtime::component::{Component, InstancePre};

use super::callee::Callee;
use super::skill_names::skill_names;
use super::{Prepared, exports};
use crate::doors::Guest;
use crate::sandbox::Engine;

/// A component that is compiled, linked and looked at.
#[derive(Clone)]
pub(crate) struct Admitted {
    pub(super) engine: Engine,
    pub(super) pre: InstancePre<Guest>,
    pub(super) digest: Digest,
    pub(super) bytes: Arc<[u8]>,
    pub(super) exports: Vec<Export>,
    pub(super) uncallable: Vec<Uncallable>,
}

/// An export that can be called.
#[derive(Clone)]
pub(super) struct Export {
    pub(super) callee: Callee,
    /// What is known of it. Its id is its own where the component says what it is, and stands for none otherwise.
    pub(super) metadata: Arc<SkillMetadata>,
}

/// An export that cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncallable {
    /// Its name.
    pub export: ExportName,
    /// Why not.
    pub reason: String,
}

/// What a component's skills are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// As the component says; one that does not say is refused.
    Own,
    /// As the component says; this where it does not.
    OwnOr(SkillId),
    /// This, whatever the component says.
    Given(SkillId),
}

impl Naming {
    /// What someone calls it.
    pub(super) const fn said(&self) -> Option<&SkillId> {
        match self {
            Self::Own => None,
            Self::OwnOr(name) | Self::Given(name) => Some(name),
        }
    }
}

impl Admitted {
    /// Whether the component says itself what it is, its name included.
    pub(crate) fn names_itself(&self) -> bool {
        self.exports.iter().any(|export| export.metadata.kind == SkillKind::Skill)
    }

    /// Its digest.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// The engine's form of it.
    pub(super) fn component(&self) -> &Component {
        self.pre.component()
    }

    /// Its skills, and what cannot be called.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID` where it has no name of its own and was given none.
    pub(crate) fn skills(
        &self,
        naming: &Naming,
        sidecar: &Sidecar,
    ) -> Result<(Vec<Prepared>, Vec<Uncallable>), Failure> {
        let (terms, description) = (sidecar.terms(), sidecar.description.as_deref());
        let mut uncallable = self.uncallable.clone();
        let mut skills = Vec::new();
        if self.names_itself() {
            let given = if let Naming::Given(name) = naming { Some(name) } else { None };
            let own =
                self.exports.iter().map(|export| (export, given.unwrap_or(&export.metadata.id).clone()));
            skills.extend(own.map(|(export, name)| self.prepared(export, name, terms.clone(), description)));
            return Ok((skills, uncallable));
        }
        let base = naming.said().ok_or_else(|| {
            let message = "the component does not say what it is called; give it a name";
            Failure::new(ErrorCode::NameInvalid, message)
        })?;
        let exports =
            self.exports.iter().map(|export| (export.metadata.kind, export.metadata.export.as_ref()));
        for (export, named) in self.exports.iter().zip(skill_names(base, exports)) {
            match named {
                Ok(name) => skills.push(self.prepared(export, name, full(&terms), description)),
                Err(reason) => uncallable.extend(
                    export
                        .metadata
                        .export
                        .clone()
                        .map(|export| Uncallable { export, reason: reason.to_string() }),
                ),
            }
        }
        if skills.is_empty() {
            return Err(exports::nothing(&uncallable));
        }
        Ok((skills, uncallable))
    }

    /// One of its skills, as a journal names it.
    ///
    /// # Errors
    ///
    /// `EXPORT_MISSING`.
    pub(crate) fn skill(
        &self,
        name: &SkillId,
        export: Option<&ExportName>,
        terms: &SkillTerms,
    ) -> Result<Prepared, Failure> {
        let exact = |found: &&Export| found.metadata.export.as_ref() == export;
        self.skill_where(exact, (name, export, terms))
    }

    /// As [`Admitted::skill`], or the same function in a compatible version of its interface.
    ///
    /// # Errors
    ///
    /// As [`Admitted::skill`].
    pub(crate) fn skill_like(
        &self,
        name: &SkillId,
        export: Option<&ExportName>,
        terms: &SkillTerms,
    ) -> Result<Prepared, Failure> {
        let like = |found: &&Export| match (found.metadata.export.as_ref(), export) {
            (Some(found), Some(wanted)) => found.is_compatible(wanted),
            (found, wanted) => found == wanted,
        };
        let exact = self.skill(name, export, terms);
        exact.or_else(|_| self.skill_where(like, (name, export, terms)))
    }

    fn skill_where(
        &self,
        is_meant: impl Fn(&&Export) -> bool,
        (name, export, terms): (&SkillId, Option<&ExportName>, &SkillTerms),
    ) -> Result<Prepared, Failure> {
        let found = self.exports.iter().find(|found| is_meant(found));
        let found = found.ok_or_else(|| {
            let wanted = export.map_or_else(|| "describe and invoke".to_owned(), ToString::to_string);
            let message = format!("the component {} exports no {wanted} that could be called", self.digest);
            Failure::new(ErrorCode::ExportMissing, message).with_subcode(wanted)
        })?;
        Ok(self.prepared(found, name.clone(), terms.clone(), None))
    }

    fn prepared(
        &self,
        export: &Export,
        name: SkillId,
        terms: SkillTerms,
        description: Option<&str>,
    ) -> Prepared {
        let known = &export.metadata;
        let metadata = if name == known.id && terms.says_nothing() && description.is_none() {
            Arc::clone(known)
        } else {
            let said = known.contract.clone();
            let contract = match known.kind {
                SkillKind::Skill => said.within(&terms.limits.over(ResourceContract::host_maximum())),
                _ => terms.limits.over(said),
            };
            let description = description.map_or_else(|| known.description.clone(), ToOwned::to_owned);
            Arc::new(SkillMetadata { id: name, contract, description, ..SkillMetadata::clone(known) })
        };
        Prepared::new(self, export.callee.clone(), metadata, terms)
    }
}

/// Terms that say all limits, so that a journal holds what a component of no contract got.
fn full(terms: &SkillTerms) -> SkillTerms {
    let contract = terms.limits.over(ResourceContract::usual());
    SkillTerms { limits: TermLimits::of(&contract), grants: terms.grants.clone() }
}
