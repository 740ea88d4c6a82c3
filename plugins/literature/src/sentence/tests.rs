//! Hand cases from real abstracts, and random texts against the promises of the splitter.

use proptest::prelude::*;

use super::split_sentences;

/// Each case with `¦` where a sentence ends.
const CASES: [&str; 86] = [
    // Plain ends.
    "The defect is found in the salivary glands.¦ We describe a woman.",
    "Is BRCA1 involved?¦ We asked 20 women.",
    "This was unexpected!¦ The second trial failed.",
    "Analysis revealed a deletion.¦ 15 nucleotides were lost.",
    "A single sentence without an end",
    "Two spaces.¦  Then more.",
    "  White space around. ¦ Goes.  ",
    // Section headings.
    "OBJECTIVE: Iodide transport defect is rare.¦ PATIENT: We describe a woman.¦ RESULTS: It was 1.4%.",
    "They were not significant (p = 0.06).¦ CONCLUSIONS: There is no link.",
    // Decimals and statistics.
    "Uptake was only 1.4% and 0.3% at 1 and 24 h.¦ The ratio was 1.1 in saliva.",
    "The odds ratio was 0.48 (95% CI 0.27-0.84, P = 0.016).¦ Smokers had more.",
    "It differed from controls (p < 0.05).¦ No effect was seen.",
    "Survival was longer, p < 0.05.¦ The effect lasted.",
    "It was significant at P<0. 05 in both groups.",
    "The value was 0. 6 in the first group.",
    "The mean was 12.5 +/- 0.6 vs. 6.1 +/- 0.6 nm in controls.",
    "Follow-up ended in 1995.¦ 20 patients were lost.",
    "Mutations were found in 4 of 12.¦ Patients did not differ.",
    // Species.
    "Growth of E. coli was slower.¦ S. aureus did not grow.",
    "We employed the nematode C. elegans, where ciliogenesis occurs.",
    "Contrary to Escherichia coli (E. coli) LPS, it has low toxicity.",
    "Infections with P. falciparum and P. vivax are common.¦ Both were treated.",
    "The pathogens include Plasmodium spp.¦ The fate of these cells is unknown.",
    "Candida spp. were found in 12 samples.",
    "Extracts of Crocus sativus L. extract improved learning.",
    "Isolates of Bacillus sp. strain 12 were used.",
    "Salmonella enterica subsp. Enterica was isolated.",
    // Doses and routes.
    "Rats received BDNF (0.4 ug/kg, i.v.) for 2 weeks.¦ H9c2 cells were treated.",
    "They were treated with PCC (100 U/kg) or saline i.v. (n=12 per group).¦ Hematomas were measured.",
    "Mice got 5 mg/kg i.p. daily for a week.",
    "Lithium was given i.v.¦ The animals recovered.",
    "It was given 50 mg/kg p.o. twice a day.",
    "Doses of 300 mg b.i.d. were tolerated.¦ However, nausea was common.",
    "Antithrombin (50 or 500 IU/kg/i.v.) was administered to rats.",
    // Latin and other abbreviations.
    "In placebo, it was 1.4% vs. 0%; with NSAIDs more.",
    "Supply vs. Demand was studied.",
    "Two parameters, i.e. the first dates, were used.¦ They agreed.",
    "Some drugs (e.g. Cisplatin) are toxic.",
    "Several drugs, e.g. Cisplatin, are toxic.",
    "Drugs, hormones, etc. were excluded.",
    "We excluded drugs, hormones, etc.¦ The rest was kept.",
    "It took approx. 10 min to finish.",
    "Cells (cf. Table 2) were lysed.",
    "As shown in Fig. 2A, expression rose.¦ In Figs. 3 and 4 it fell.",
    "See Ref. 12 for details.¦ No. 4 was lost.",
    "The answer was No.¦ We repeated it.",
    "Suppl. Table 1 lists them.",
    // Names of people and places.
    "Cardona et al. recently reported it.",
    "Cardona et al. [Nat. Neurosci. 9 (2006), 917] recently reported it.",
    "It was described by Smith et al.¦ The mutation is rare.",
    "The method of J. Smith was used.¦ Results were good.",
    "Written by K. N. Sheth and F. Shi.¦ The text is long.",
    "The U.S. Food and Drug Administration approved it.",
    "The drug was approved in the U.S.¦ The trial went on.",
    "Women in the U.S. were older than women in the U.K. and France.",
    "Patients of Dr. Brown were asked.¦ St. Louis encephalitis was rare.",
    "Sigma Chemical Co. supplied the drug.",
    "Reagents came from Pfizer Inc.¦ The others were made here.",
    // Single letters that end a sentence.
    "It releases caspase-3 and cathepsin B.¦ Caspase activation was inhibited.",
    "They are products of filamin A, B and C.¦ They bind actin.",
    "Leads I, V5 and V6 and positive troponin I.¦ Emergent angiography was normal.",
    "It is corneal dystrophy type I.¦ Exon 4 was sequenced.",
    "They lacked vitamin D.¦ Serum levels were low.",
    "Most had hepatitis B.¦ Patients were treated.",
    "All patients were infected with influenza A.¦ Vaccines failed.",
    // Names that begin with a small letter or a Greek one.
    "Mutations were found.¦ p53 was lost in most tumors.",
    "Levels rose.¦ mRNA was stable.",
    "Fibrils formed.¦ α-synuclein was phosphorylated.",
    "It was stained for p53. by hand",
    "miR-21 was raised.¦ siRNA restored it.",
    // Brackets and quotation marks.
    "It was rare (see above. Also note this) in mice.¦ Rats had more.",
    "It was rare.¦ (We saw two cases.)¦ Rats had more.",
    "He said \"it works.\"¦ The others agreed.",
    "We call it “hot.”¦ “Cold” is the other.",
    "The \" ABC \" superfamily is large.¦ Its members bind ATP.",
    "It was seen (Fig. 1; p = 0.03. n = 4).¦ Then it went.",
    "A bracket (never closed.¦ It ends here.¦ Then more.",
    "Rats [strain A. Control] were used.¦ [Then] they died.",
    // Lists and notation.
    "We report: 1. Mice are small.¦ 2. Rats are large.",
    "1. We studied mice.¦ We also studied rats.",
    "The mutation p.Arg175His and c.35G>A were found.¦ IVS2-1G>A was not.",
    "IL-2.¦ IL-4.¦ Both rose.",
    "Calcium (Ca2+) rose... ¦The cells died.",
    // Paragraphs and Unicode.
    "A heading¦\n\nThe text follows.¦\nIt goes on.",
    "Ménière's disease is rare.¦ Über 20 cases are known.",
    "细胞死亡. ¦Cells died 🧬.¦ The end.",
];

fn check(case: &str) {
    let text: String = case.chars().filter(|&character| character != '¦').collect();
    let expected: Vec<&str> = case.split('¦').map(str::trim).filter(|part| !part.is_empty()).collect();
    let characters: Vec<char> = text.chars().collect();
    let sentences: Vec<String> =
        split_sentences(&text, &[]).into_iter().map(|range| characters[range].iter().collect()).collect();
    assert_eq!(sentences, expected, "{case}");
}

#[test]
fn sentences_end_where_a_reader_ends_them() {
    let failures: Vec<&str> =
        CASES.into_iter().filter(|case| std::panic::catch_unwind(|| check(case)).is_err()).collect();
    assert!(failures.is_empty(), "{} of {} cases: {failures:#?}", failures.len(), CASES.len());
}

#[test]
fn no_sentence_ends_within_an_annotation() {
    let text = "It binds Prot. X. Then it goes. Fine.";
    assert_eq!(split_sentences(text, &[]), [0..14, 15..17, 18..31, 32..37]);
    assert_eq!(&text[9..16], "Prot. X");
    assert_eq!(split_sentences(text, &[9..16, 0..14]), [0..17, 18..31, 32..37]);
    for unbroken in [vec![9..20, 9..20], vec![12..24, 14..18], vec![0..18, 1..2]] {
        assert_eq!(split_sentences(text, &unbroken), [0..31, 32..37], "{unbroken:?}");
    }
}

#[test]
fn a_text_of_abbreviations_takes_no_more_than_linear_time() {
    let text = "(a. B. ".repeat(200_000);
    assert!(!split_sentences(&text, &[]).is_empty());
}

fn prose() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,8}",
        2 => Just(". ".to_owned()),
        2 => Just(" ".to_owned()),
        1 => Just("? ".to_owned()),
        1 => Just("\n\n".to_owned()),
        1 => Just(" (".to_owned()),
        1 => Just(") ".to_owned()),
        1 => Just("E. coli".to_owned()),
        1 => Just("0.05".to_owned()),
        1 => Just("α🧬é. ".to_owned()),
        1 => Just("\u{a0}".to_owned()),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn sentences_cover_the_text_and_break_no_annotation(
        text in prose(),
        spans in proptest::collection::vec((0_usize..200, 1_usize..30), 0..6),
    ) {
        let characters: Vec<char> = text.chars().collect();
        let unbroken: Vec<_> = spans.into_iter().map(|(start, length)| start..start + length).collect();
        let sentences = split_sentences(&text, &unbroken);
        let mut last = 0;
        for sentence in &sentences {
            prop_assert!(sentence.start >= last && sentence.start < sentence.end && sentence.end <= characters.len());
            prop_assert!(characters[last..sentence.start].iter().all(|character| character.is_whitespace()));
            prop_assert!(!characters[sentence.start].is_whitespace() && !characters[sentence.end - 1].is_whitespace());
            last = sentence.end;
        }
        prop_assert!(characters[last..].iter().all(|character| character.is_whitespace()));
        for pair in sentences.windows(2) {
            for range in &unbroken {
                let cut = range.start < pair[0].end && range.end > pair[0].end;
                prop_assert!(!cut, "{:?} is cut at {}", range, pair[0].end);
            }
        }
    }
}
