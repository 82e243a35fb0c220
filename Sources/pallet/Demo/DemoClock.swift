import Foundation

/// The steps of the demo as they begin, and how long each took.
final class DemoClock {
    private var parts: [(title: String, start: Double)] = []

    /// Begins a step and prints its title.
    func step(_ title: String) {
        parts.append((title, Seconds.now))
        Output.line("\n\(parts.count). \(title)")
    }

    /// Seconds since the first step began.
    var seconds: Double { parts.first.map { Seconds.now - $0.start } ?? 0 }

    /// One line: each step with its seconds.
    var summary: String {
        let ends = parts.dropFirst().map(\.start) + [Seconds.now]
        let times = zip(parts, ends).map { part, end in
            "\(part.title) \(String(format: "%.0f", end - part.start)) s"
        }
        return times.joined(separator: " · ")
    }
}
