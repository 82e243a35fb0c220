import Foundation
import Retrieval
import Storage
import TestSupport
import Testing

/// Retrieval on texts that are no company's: an encyclopaedia and laws. The figures are floors well below what was
/// measured (see docs/retrieval.md), so that they fail when something breaks, not when something shifts.
@Suite(.enabled(if: Shared.available, Shared.hint)) struct RecallTests {
    struct Paragraph {
        var id: String
        var text: String
        var questions: [String]
    }

    static func paragraphs() throws -> [Paragraph] {
        let json = try JSONSerialization.jsonObject(with: Shared.data("data/eval/cmrc2018/cmrc2018_trial.json"))
        let articles = (json as? [String: Any])?["data"] as? [[String: Any]] ?? []
        return articles.flatMap { $0["paragraphs"] as? [[String: Any]] ?? [] }.map { paragraph in
            Paragraph(
                id: paragraph["id"] as? String ?? "", text: paragraph["context"] as? String ?? "",
                questions: (paragraph["qas"] as? [[String: Any]] ?? []).compactMap { $0["question"] as? String })
        }
    }

    /// Half of the paragraphs are indexed; the others' questions have no answer there.
    @Test func encyclopaedia() async throws {
        let all = try Self.paragraphs()
        #expect(all.count > 200)
        let index = try await Fixtures.index(
            all.enumerated().filter { $0.offset % 2 == 0 }.map { Fixtures.record($0.element.id, $0.element.text) })
        var first = 0
        var asked = 0
        var scores: [(score: Double, isAnswerable: Bool)] = []
        for (number, paragraph) in all.enumerated() {
            guard let question = paragraph.questions.first else { continue }
            let found = try await index.find(Question(question))
            scores.append((EvidenceModel.standardByWords.probability(found), number % 2 == 0))
            guard number % 2 == 0 else { continue }
            asked += 1
            if found.hits.first?.passage.document.path == paragraph.id { first += 1 }
        }
        #expect(Double(first) / Double(asked) > 0.94)
        // Weights that fitted this set alone reached 0.98 here and 0.48 to 0.62 on companies' questions.
        #expect(Calibration.auc(scores) > 0.94)
    }

    @Test func laws() async throws {
        let folder = Shared.folder.appendingPathComponent("data/corpus/laws")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
            .sorted()
        #expect(files.count > 150)
        let index = try await Fixtures.index(
            files.map { file in
                let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
                return Fixtures.record(file, text)
            })
        var found = 0
        var scores: [(score: Double, isAnswerable: Bool)] = []
        for (question, document) in LawQuestions.answerable {
            let result = try await index.find(Question(question), limit: 3)
            if result.hits.contains(where: { $0.passage.document.path == document }) { found += 1 }
            scores.append((EvidenceModel.standardByWords.probability(result), true))
        }
        for question in LawQuestions.unanswerable {
            scores.append((EvidenceModel.standardByWords.probability(try await index.find(Question(question))), false))
        }
        #expect(found >= LawQuestions.answerable.count - 2)
        #expect(Calibration.auc(scores) > 0.85)
    }
}
