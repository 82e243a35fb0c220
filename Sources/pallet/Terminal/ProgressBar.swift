import Foundation
import Synchronization

/// Progress of long work on standard error: a bar with rate and time left on a terminal, a plain line every tenth
/// elsewhere.
final class ProgressBar: Sendable {
    /// How amounts are written.
    enum Unit {
        case bytes
        case items(String)
    }

    private struct State {
        var title: String
        var lastDrawn = Date.distantPast
        var lastTenth = -1
        var offset: Int64?
    }

    private let unit: Unit
    private let start = Date()
    private let state: Mutex<State>
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(_ title: String, unit: Unit) {
        self.unit = unit
        state = Mutex(State(title: title))
    }

    /// The same bar under another title, as work goes from one part to the next.
    func title(_ title: String, _ done: Int64, of total: Int64) {
        state.withLock { $0.title = title }
        update(done, of: total)
    }

    /// `done` of `total`; a total of 0 or less is unknown.
    func update(_ done: Int64, of total: Int64) {
        let now = Date()
        let text: String? = state.withLock { state in
            // What was there before this run says nothing about the rate.
            let base = state.offset ?? done
            state.offset = base
            let seconds = now.timeIntervalSince(start)
            let rate = seconds > 0 ? Double(done - base) / seconds : 0
            let complete = total > 0 && done >= total
            let line = line(state.title, done, total, rate)
            if isTerminal {
                guard complete || now.timeIntervalSince(state.lastDrawn) > 0.1 else { return nil }
                state.lastDrawn = now
                return "\r\u{1B}[K" + line + (complete ? "\n" : "")
            }
            guard total > 0 else { return nil }
            let tenth = Int(done * 10 / total)
            guard tenth > state.lastTenth else { return nil }
            state.lastTenth = tenth
            return line + "\n"
        }
        if let text { write(text) }
    }

    private func line(_ title: String, _ done: Int64, _ total: Int64, _ rate: Double) -> String {
        guard total > 0 else { return "\(title)  \(amount(Double(done)))" }
        let share = min(1, Double(done) / Double(total))
        let width = 24
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        var parts = ["\(title) \(bar) \(Int(share * 100))%", "\(amount(Double(done)))/\(amount(Double(total)))"]
        if rate > 0 {
            parts.append("\(amount(rate))/s")
            if done < total {
                let left = duration(Double(total - done) / rate)
                parts.append(text("还需 \(left)", "\(left) left"))
            }
        }
        return parts.joined(separator: "  ")
    }

    private func amount(_ value: Double) -> String {
        switch unit {
        case .bytes: value >= 1e9 ? String(format: "%.2f GB", value / 1e9) : String(format: "%.1f MB", value / 1e6)
        case .items(let name): "\(Int(value)) \(name)"
        }
    }

    private func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 359_999))
        return whole >= 3600
            ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
            : String(format: "%d:%02d", whole / 60, whole % 60)
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
