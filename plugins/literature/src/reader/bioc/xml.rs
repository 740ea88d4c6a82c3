//! BioC as XML, read document by document.

use std::collections::VecDeque;

use super::{Infons, RawAnnotation, RawDocument, RawLocation, RawPassage};
use crate::reader::input::Input;
use crate::reader::number;
use crate::reader::xml::{Element, RawRecord, XmlRecords};
use crate::{Document, Reject, RejectKind};

/// Reads the documents of a collection.
pub(crate) struct BiocXml {
    records: XmlRecords,
    /// What the collection in hand says that its documents come from.
    source: Option<String>,
    ready: VecDeque<Result<Document, Reject>>,
}

impl BiocXml {
    pub(crate) fn new(input: Input) -> Self {
        Self { records: XmlRecords::new(input, &["document", "source"]), source: None, ready: VecDeque::new() }
    }
}

impl Iterator for BiocXml {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let RawRecord { location, element } = self.records.next()?;
            if let Some(source) = element.as_ref().ok().filter(|element| element.name == "source") {
                self.source = Some(source.text().trim().to_owned());
                continue;
            }
            match element
                .map_err(|bad| (bad.reason, bad.is_end, bad.text))
                .and_then(|element| document(&element).map_err(|reason| (reason, false, element.text())))
            {
                Ok(document) => {
                    RawDocument { source: self.source.clone(), ..document }.place(&location, &mut self.ready);
                }
                Err((reason, is_end, text)) => {
                    let kind = if is_end { RejectKind::File } else { RejectKind::Record };
                    self.ready.push_back(Err(Reject::new(kind, location, "", reason, &text)));
                }
            }
        }
        self.ready.pop_front()
    }
}

fn document(element: &Element) -> Result<RawDocument, String> {
    let id = element.find(&["id"]).map(Element::text).ok_or("has no id")?;
    let passages = element.all("passage").map(passage).collect::<Result<_, _>>()?;
    let annotations = element.all("annotation").map(annotation).collect();
    Ok(RawDocument {
        id,
        source: None,
        infons: infons(element),
        passages,
        annotations,
        relations: element.all("relation").map(infons).collect(),
    })
}

/// A passage or a sentence.
fn passage(element: &Element) -> Result<RawPassage, String> {
    let offset = element.find(&["offset"]).map(Element::text).ok_or("a passage has no offset")?;
    let whole = number::whole(&offset).and_then(|offset| usize::try_from(offset).ok());
    let offset = whole.ok_or_else(|| format!("the offset {offset:?} of a passage is no number"))?;
    Ok(RawPassage {
        infons: infons(element),
        offset,
        text: element.find(&["text"]).map(Element::text).unwrap_or_default(),
        sentences: element.all("sentence").map(passage).collect::<Result<_, _>>()?,
        annotations: element.all("annotation").map(annotation).collect(),
    })
}

/// An annotation; a location that is none is left out, so that it is rejected with the annotation alone.
fn annotation(element: &Element) -> RawAnnotation {
    let of = |element: &Element, name| usize::try_from(number::whole(element.attribute(name)?)?).ok();
    let location = |element| Some(RawLocation { offset: of(element, "offset")?, length: of(element, "length")? });
    RawAnnotation {
        infons: infons(element),
        text: element.find(&["text"]).map(Element::text).unwrap_or_default(),
        locations: element.all("location").filter_map(location).collect(),
    }
}

fn infons(element: &Element) -> Infons {
    element.all("infon").filter_map(|infon| Some((infon.attribute("key")?.to_owned(), infon.text()))).collect()
}
