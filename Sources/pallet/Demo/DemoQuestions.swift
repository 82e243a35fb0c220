import Foundation
import Retrieval
import Storage

/// Held-out questions, put to the assistant as it is served.
struct DemoQuestions {
    let home: Home
    let model: String
    let threads: Int
    let list: [ListedQuestion]

    /// Some of a list, of every kind in proportion, so that two answers to each fit a demo.
    static func chosen(from list: [ListedQuestion], answerable: Int = 18, unanswerable: Int = 6) -> [ListedQuestion] {
        func spread(_ part: [ListedQuestion], _ count: Int) -> [ListedQuestion] {
            guard part.count > count else { return part }
            let ordered = part.enumerated().sorted { ($0.1.kind ?? "", $0.0) < ($1.1.kind ?? "", $1.0) }.map(\.1)
            return (0..<count).map { ordered[$0 * ordered.count / count] }
        }
        return spread(list.filter(\.answerable), answerable) + spread(list.filter { !$0.answerable }, unanswerable)
    }

    /// The judgement of each question, in the order of the list.
    ///
    func scores(_ title: String, adapter: String?) async throws -> [AnswerScoring.Score] {
        let database = try PalletDatabase.open(home: home.url, access: .readOnly)
        let assistant = try await AssistantLoading(home: home, database: database, threads: threads)
            .assistant(model: model, adapter: adapter, index: DemoCompany.indexName, style: nil)
        let bar = ProgressBar(title, unit: .items(text("题", "questions")))
        var scores: [AnswerScoring.Score] = []
        for question in list {
            scores.append(AnswerScoring.score(try await assistant.answer(question.question), for: question))
            bar.update(Int64(scores.count), of: Int64(list.count))
        }
        return scores
    }
}

/// What the same questions came to before and after tuning.
struct DemoScores: Codable {
    let before: [AnswerScoring.Score]
    let after: [AnswerScoring.Score]

    /// Answers that were right and refusals that were.
    var gain: Int { after.count(where: \.isRight) - before.count(where: \.isRight) }

    /// The tuned model serves unless it does worse.
    var keepsTuned: Bool { gain >= 0 }

    /// One table, by the kinds of the questions.
    func table(_ list: [ListedQuestion]) -> String {
        let before = text("前", "before"), after = text("后", "after")
        var table = Table(
            header: [
                text("类别", "kind"), text("题数", "questions"), text("答对·", "right, ") + before, after,
                text("出处对·", "right source, ") + before, after, text("拒答·", "refused, ") + before, after,
            ], rightAligned: Set(1...7))
        let kinds = Dictionary(grouping: list.indices) { list[$0].answerable ? list[$0].kind ?? "" : "unanswerable" }
        for (kind, places) in kinds.sorted(by: { $0.key < $1.key }) { table.add(row(kind, places)) }
        table.add(row(text("合计", "all"), Array(list.indices)))
        return table.description
    }

    private func row(_ name: String, _ places: [Int]) -> [String] {
        let sides = [before, after].map { scores in places.filter(scores.indices.contains).map { scores[$0] } }
        func cells(_ count: ([AnswerScoring.Score]) -> Int) -> [String] { sides.map { "\(count($0))" } }
        let answerable = sides[0].count(where: \.isAnswerable)
        return [name, "\(places.count)"]
            + (answerable > 0
                ? cells { $0.count { $0.isAnswerable && $0.isRight } }
                    + cells { $0.count { $0.hasRightSource == true } } : ["–", "–", "–", "–"])
            + (answerable < places.count ? cells { $0.count { !$0.isAnswerable && $0.isRefused } } : ["–", "–"])
    }
}
