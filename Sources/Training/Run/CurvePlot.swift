import FoundationEssentials

/// Curves of a run as SVG, and as a line of blocks for a terminal.
public struct CurvePlot: Sendable {
    /// Loss of each step.
    public var losses: [Double]
    /// Held-out loss by step.
    public var heldOut: [(step: Int, loss: Double)]
    /// Learning rate of each step.
    public var rates: [Double]

    /// Curves; see the properties.
    public init(losses: [Double], heldOut: [(step: Int, loss: Double)] = [], rates: [Double] = []) {
        self.losses = losses
        self.heldOut = heldOut
        self.rates = rates
    }

    /// Mean of each of at most `width` equal pieces.
    static func thinned(_ values: [Double], to width: Int) -> [Double] {
        guard values.count > width, width > 0 else { return values }
        return (0..<width).map { place in
            let part = values[place * values.count / width..<(place + 1) * values.count / width]
            return part.reduce(0, +) / Double(max(part.count, 1))
        }
    }

    /// A line of eight heights, from the lowest to the highest loss.
    public func line(width: Int = 60) -> String {
        let values = Self.thinned(losses.filter(\.isFinite), to: width)
        guard let low = values.min(), let high = values.max() else { return "" }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(
            values.map { value in
                let share = high > low ? (value - low) / (high - low) : 0
                return blocks[min(7, Int(share * 8))]
            })
    }

    /// A picture of 720 × 360 that stands by itself, in light and dark.
    ///
    /// - Parameters: words for the loss of the rows trained on, of held-out rows, the learning rate, the steps.
    public func svg(
        title: String, loss: String = "loss", held: String = "held-out", rate: String = "learning rate",
        steps: String = "step"
    ) -> String {
        let finite = losses.filter(\.isFinite) + heldOut.map(\.loss)
        let low = finite.min() ?? 0, top = finite.max() ?? 1
        let high = top > low ? top : low + 1
        let box = (left: 60.0, top: 40.0, width: 620.0, height: 260.0)
        func x(_ step: Double) -> Double { box.left + box.width * step / Double(max(losses.count - 1, 1)) }
        func y(_ value: Double) -> Double { box.top + box.height * (1 - (value - low) / (high - low)) }
        func path(_ points: [(Double, Double)]) -> String {
            points.map { "\(Self.short($0.0)),\(Self.short($0.1))" }.joined(separator: " ")
        }
        let thin = Self.thinned(losses, to: 600)
        let scale = Double(max(losses.count - 1, 1)) / Double(max(thin.count - 1, 1))
        let points = thin.enumerated().filter { $1.isFinite }.map { (x(Double($0) * scale), y($1)) }
        var body = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 360" font-family="sans-serif" font-size="12">
            <style>text{fill:#333}.g{stroke:#ddd}.l{stroke:#1668b0;fill:none;stroke-width:1.6}.h{fill:#c4500f}
            .r{stroke:#7a7a7a;fill:none;stroke-dasharray:3 3}
            @media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#ddd}.g{stroke:#333}.l{stroke:#6db3f2}}
            </style>
            <text x="60" y="22" font-size="15">\(Self.escaped(title))</text>\n
            """
        for tick in 0...4 {
            let value = low + (high - low) * Double(tick) / 4
            let at = Self.short(y(value))
            body += "<line class=\"g\" x1=\"60\" x2=\"680\" y1=\"\(at)\" y2=\"\(at)\"/>"
            body += "<text x=\"52\" y=\"\(Self.short(y(value) + 4))\" text-anchor=\"end\">\(Self.short(value))</text>\n"
        }
        body += "<text x=\"60\" y=\"320\">0</text><text x=\"680\" y=\"320\" text-anchor=\"end\">\(losses.count) "
        body += "\(Self.escaped(steps))</text>\n"
        if let most = rates.max(), most > 0 {
            let curve = Self.thinned(rates, to: 300).enumerated().map { index, value in
                (
                    box.left + box.width * Double(index) / Double(max(min(rates.count, 300) - 1, 1)),
                    box.top + box.height * (1 - 0.3 * value / most)
                )
            }
            body += "<polyline class=\"r\" points=\"\(path(curve))\"/>\n"
        }
        body += "<polyline class=\"l\" points=\"\(path(points))\"/>\n"
        for point in heldOut where point.loss.isFinite {
            let place = (x(Double(max(point.step - 1, 0))), y(point.loss))
            body += "<circle class=\"h\" r=\"4\" cx=\"\(Self.short(place.0))\" cy=\"\(Self.short(place.1))\"/>"
        }
        let words = "— \(loss)" + (heldOut.isEmpty ? "" : "   ● \(held)") + (rates.isEmpty ? "" : "   ┄ \(rate)")
        return body + "<text x=\"60\" y=\"345\">\(Self.escaped(words))</text>\n</svg>\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// Three decimals.
    private static func short(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        let scaled = (value * 1000).rounded() / 1000
        return scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)"
    }
}
