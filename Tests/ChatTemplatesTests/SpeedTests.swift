import ChatTemplates
import TestSupport
import Testing

@Suite("Speed of rendering", .enabled(if: Shared.available, Shared.hint))
struct SpeedTests {
    /// A chat of ten turns takes well below a millisecond in a release build.
    @Test func tenTurns() throws {
        let template = try ChatTemplate(source: try ReferenceCases.source("Qwen2.5-Coder-0.5B-Instruct.jinja"))
        let turn: [TemplateValue] = [
            ["role": "user", "content": "How many pallets fit in a 13 m trailer, side by side?"],
            ["role": "assistant", "content": "About 33 euro pallets; 26 of the industrial size."],
        ]
        let messages = TemplateValue.list(Array(repeatElement(turn, count: 10).joined()))
        let clock = ContinuousClock()
        var best = Duration.seconds(1)
        for _ in 0..<20 {
            let time = try clock.measure {
                _ = try template.renderChat(messages: messages, addGenerationPrompt: true, now: ReferenceCases.now)
            }
            best = min(best, time)
        }
        #if DEBUG
            #expect(best < .milliseconds(50), "\(best)")
        #else
            #expect(best < .milliseconds(1), "\(best)")
        #endif
        if Shared.long { print("ten turns of qwen2.5: \(best)") }
    }
}
