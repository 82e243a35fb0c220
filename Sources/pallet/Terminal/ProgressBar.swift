import Foundation

/// Progress of long work on standard error: a bar with rate and time left on a terminal, a plain line every tenth
/// elsewhere.
final class ProgressBar {
    /// How amounts are written.
    enum Unit {
        case bytes
        case items(String)
    }

    private let title: String
    private let unit: Unit
    private let start = Date()
    private var lastDrawn = Date.distantPast
    private var lastTenth = -1
    private var offset: Int64?
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(_ title: String, unit: Unit) {
        self.title = title
        self.unit = unit
    }

    /// `done` of `total`; a total of 0 or less is unknown.
    func update(_ done: Int64, of total: Int64) {
        // What was there before this run says nothing about the rate.
        let base = offset ?? done
        offset = base
        let seconds = Date().timeIntervalSince(start)
        let rate = seconds > 0 ? Double(done - base) / seconds : 0
        let complete = total > 0 && done >= total
        if isTerminal {
            guard complete || Date().timeIntervalSince(lastDrawn) > 0.1 else { return }
            lastDrawn = Date()
            write("\r\u{1B}[K" + line(done, total, rate) + (complete ? "\n" : ""))
        } else if total > 0 {
            let tenth = Int(done * 10 / total)
            guard tenth > lastTenth else { return }
            lastTenth = tenth
            write(line(done, total, rate) + "\n")
        }
    }

    private func line(_ done: Int64, _ total: Int64, _ rate: Double) -> String {
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
