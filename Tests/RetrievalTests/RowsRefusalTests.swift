import Retrieval
import Storage
import Testing

/// What a tuned model's refusal means to the assistant.
@Suite struct RowsRefusalTests {
    private static func answer(
        _ said: String, _ question: String, trusts: Bool, overruledFrom: Double = 1.1
    ) async throws -> Answer {
        var configuration = Assistant.Configuration(threshold: 0.05)
        configuration.trustsRefusals = trusts
        configuration.overrulesTrustedRefusal = overruledFrom
        let assistant = Assistant(
            index: try await Fixtures.companyIndex(), generator: ScriptedGenerator(said), configuration: configuration)
        return try await assistant.answer(question)
    }

    @Test(arguments: ["资料中未找到。", "Not found in the documents."])
    func aTrustedRefusalIsNotOverruledByAQuotation(_ refusal: String) async throws {
        let question = "PT-1210 的押金是多少？"
        let trusted = try await Self.answer(refusal, question, trusts: true)
        #expect(trusted.outcome == .notFound)
        #expect(trusted.dropped.contains { $0.reason == .refusal })
        let untrusted = try await Self.answer(refusal, question, trusts: false)
        #expect(untrusted.outcome == .quoted)
    }

    @Test func overwhelmingEvidenceOverrulesEvenATrustedRefusal() async throws {
        let question = "PT-1210 的押金是多少？"
        let overruled = try await Self.answer("资料中未找到。", question, trusts: true, overruledFrom: 0.8)
        #expect(overruled.outcome == .quoted)
        #expect(overruled.evidence >= 0.8)
    }

    private static func weighed(_ refusal: Double, trusts: Bool = true) async throws -> (Answer, ScriptedGenerator) {
        let generator = ScriptedGenerator("押金在退租验收后 7 个工作日内原路退回，不计利息。", refusal: refusal)
        var configuration = Assistant.Configuration(threshold: 0.5)
        configuration.trustsRefusals = trusts
        let assistant = Assistant(
            index: try await Fixtures.companyIndex(), generator: generator, configuration: configuration)
        return (try await assistant.answer("押金多久退？"), generator)
    }

    @Test func aModelThatIsSureOfRefusingIsNotMadeToAnswer() async throws {
        let (refused, generator) = try await Self.weighed(0.9999)
        #expect(refused.outcome == .notFound)
        #expect(refused.refusal == 0.9999)
        #expect(await generator.turns.isEmpty)
    }

    @Test func aModelThatIsMadeToAnswerMayNotBeginWithTheRefusal() async throws {
        let (answered, generator) = try await Self.weighed(0.001)
        #expect(answered.outcome == .answered)
        #expect(await generator.avoided == ["资料中未找到。"])
        let (untrusted, other) = try await Self.weighed(0.9999, trusts: false)
        #expect(untrusted.outcome == .answered && untrusted.refusal == nil)
        #expect(await other.avoided == [nil])
    }

    @Test func confidenceRisesWithEvidenceAndFallsWithTheRefusal() {
        let weighing = RefusalWeighing(weight: 0.5, offset: 0)
        let steps = [0.0, 0.01, 0.3, 0.5, 0.9, 1.0]
        for (low, high) in zip(steps, steps.dropFirst()) {
            let (less, more) = (
                weighing.confidence(evidence: low, refusal: 0.4), weighing.confidence(evidence: high, refusal: 0.4)
            )
            #expect(less <= more)
            let (sure, unsure) = (
                weighing.confidence(evidence: 0.4, refusal: low), weighing.confidence(evidence: 0.4, refusal: high)
            )
            #expect(sure >= unsure)
        }
        #expect(abs(weighing.confidence(evidence: 0.3, refusal: 0.5) - 0.3) < 1e-9)
        for odd in [Double.nan, -1, 2] {
            #expect((0...1).contains(weighing.confidence(evidence: odd, refusal: odd)))
        }
    }

    @Test func aTrustedAnswerIsCheckedAllTheSame() async throws {
        let right = try await Self.answer("押金在退租验收后 7 个工作日内原路退回，不计利息。", "押金多久退？", trusts: true)
        #expect(right.outcome == .answered)
        let wrong = try await Self.answer("押金在 99 天内退回。", "押金多久退？", trusts: true)
        #expect(!wrong.text.contains("99"))
    }

    @Test func theAssistantsRecordSaysWhetherToTrust() {
        let record = AssistantRecord(name: "a", model: "m", settings: AssistantSettings(trustsRefusals: true))
        #expect(Assistant.Configuration(record).trustsRefusals)
        #expect(!Assistant.Configuration(AssistantRecord(name: "a", model: "m")).trustsRefusals)
    }
}
