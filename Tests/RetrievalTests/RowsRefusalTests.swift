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
