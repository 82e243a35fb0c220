import Foundation
import Retrieval
import Storage
import Testing

/// What retrieval and a tuned model hold best together decides between the model's sentence and the documents' own.
struct AnswerChoiceTests {
    private static let plastic = "塑料托盘的清洗费是每片 3 元。"
    private static let wood = "木托盘的清洗费是每片 5 元。"

    private func answer(
        _ said: String, _ likelihoods: [String: Double], quotes: Bool = true
    ) async throws -> Answer {
        let text = "# 清洗\n\n\(Self.plastic)\(Self.wood)送洗要提前一天说。"
        let index = try await Fixtures.index([Fixtures.record("wash.md", text, title: "清洗")] + Fixtures.foreign)
        var configuration = Assistant.Configuration(threshold: 0.3)
        configuration.trustsRefusals = true
        configuration.quotesWhenUnsupported = quotes
        let assistant = Assistant(
            index: index, generator: ScriptedGenerator(said, refusal: 0.01, likelihoods: likelihoods),
            configuration: configuration)
        return try await assistant.answer("清洗费每片多少元？")
    }

    @Test func theSentenceThatBothHoldBestIsSaidInPlaceOfTheModelsOwn() async throws {
        let answer = try await answer(Self.plastic, [Self.wood: -1, Self.plastic: -80])
        #expect(answer.outcome == .quoted)
        #expect(answer.text == Self.wood)
        #expect(answer.citations.first?.text == Self.wood)
        #expect(answer.dropped.contains { $0.reason == .outvoted && $0.text == Self.plastic })
    }

    @Test func theModelsSentenceStaysWhereNoOtherIsClearlyBetter() async throws {
        for likelihoods in [[Self.plastic: -1.0, Self.wood: -80], [Self.plastic: -2, Self.wood: -2], [:]] {
            let answer = try await answer(Self.plastic, likelihoods)
            #expect(answer.outcome == .answered)
            #expect(answer.text == Self.plastic)
        }
    }

    /// Where nothing may be quoted the model's true sentence must not be lost for a better one.
    @Test func whatMayNotBeQuotedOutvotesNothing() async throws {
        let answer = try await answer(Self.plastic, [Self.wood: -1, Self.plastic: -80], quotes: false)
        #expect(answer.outcome == .answered)
        #expect(answer.text == Self.plastic)
    }

    @Test func aLikelihoodThatIsNoNumberDecidesNothing() async throws {
        let answer = try await answer(Self.plastic, [Self.plastic: .nan, Self.wood: -.infinity])
        #expect(answer.text == Self.plastic)
    }
}
