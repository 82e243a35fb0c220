/// One pass over folded scalars that finds the mentions. Positions here count folded scalars.
struct NumberScanner {
    struct Found {
        var kind: NumberMention.Kind
        var value: String
        var unit: String?
        var range: Range<Int>
    }

    let scalars: [Unicode.Scalar]
    private var found: [Found] = []

    /// What was found up to now.
    var foundSoFar: [Found] { found }

    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    /// All mentions in order.
    mutating func scan() -> [Found] {
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar.isDigit {
                index = scanDigits(at: index)
            } else if scalar.isASCIILetter {
                index = scanLetters(at: index)
            } else if let mention = scanChinese(at: index) {
                found.append(mention)
                index = mention.range.upperBound
            } else {
                index += 1
            }
        }
        inheritUnits()
        continueDates()
        return found
    }

    func scalar(_ index: Int) -> Unicode.Scalar? {
        index >= 0 && index < scalars.count ? scalars[index] : nil
    }

    func skipBlanks(_ index: Int) -> Int {
        var index = index
        while let next = scalar(index), next == " " { index += 1 }
        return index
    }

    /// The end of the run of digits at `index`.
    func digitsEnd(_ index: Int) -> Int {
        var end = index
        while let next = scalar(end), next.isDigit { end += 1 }
        return end
    }

    func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    func hasPrefix(_ word: String, at index: Int) -> Bool {
        let word = word.unicodeScalars
        guard index >= 0, index + word.count <= scalars.count else { return false }
        return scalars[index..<index + word.count].elementsEqual(word)
    }

    // MARK: Latin words and codes

    /// Words before which a number stands without a blank.
    private static let labels: Set<String> = ["tel", "fax", "rmb", "usd", "cny", "eur", "hkd", "no", "qq", "phone"]

    /// A word or code at `index`: skipped with its digits, unless it is a month name or a label of a number.
    private mutating func scanLetters(at index: Int) -> Int {
        if let date = englishDate(at: index) {
            found.append(date)
            return date.range.upperBound
        }
        var end = index
        while let next = scalar(end), next.isSpacedLetter { end += 1 }
        let word = text(index..<end)
        if let next = scalar(end), next.isDigit, Self.labels.contains(word) {
            return end
        }
        return codeEnd(from: end)
    }

    /// The end of a code whose text reached `index`: letters, digits and the signs that join them.
    private func codeEnd(from index: Int) -> Int {
        var end = index
        while let next = scalar(end) {
            if next.isDigit || next.isSpacedLetter {
                end += 1
            } else if next == "-" || next == "_" || next == "." || next == "/" || next == "@",
                let after = scalar(end + 1), after.isDigit || after.isASCIILetter
            {
                end += 2
            } else {
                break
            }
        }
        return end
    }

    // MARK: Digits

    private mutating func scanDigits(at index: Int) -> Int {
        for mention in [numericDate(at: index), phone(at: index), clockTime(at: index)] {
            if let mention {
                found.append(mention)
                return mention.range.upperBound
            }
        }
        return scanNumber(at: index)
    }

    private mutating func scanNumber(at index: Int) -> Int {
        if let end = listMarkEnd(at: index) { return end }
        let number = decimal(at: index)
        let end = number.end
        if let next = scalar(end), next.isASCIILetter, !isDimension(at: end) {
            if MeasureUnits.match(scalars, at: end) == nil { return codeEnd(from: end) }
        }
        if scalar(end) == "-", let after = scalar(end + 1), after.isASCIILetter { return codeEnd(from: end) }
        if scalar(end) == ".", let after = scalar(end + 1), after.isDigit {
            return codeEnd(from: end)  // 1.2.3 is a version or an address
        }
        append(number.value, range: index..<end)
        return found.last.map { max(end, $0.range.upperBound) } ?? end
    }

    /// Behind the mark of a list item (`1.`, `2)`, `3、` at the beginning of a line), which counts nothing.
    private func listMarkEnd(at index: Int) -> Int? {
        let end = digitsEnd(index)
        var start = index
        while let before = scalar(start - 1), before == " " || before == "(" { start -= 1 }
        guard end - index <= 2, start == 0 || scalar(start - 1) == "\n" else { return nil }
        guard let sign = scalar(end), sign == "." || sign == ")" || sign == "、", !(scalar(end + 1)?.isDigit ?? false)
        else {
            return nil
        }
        return end + 1
    }

    /// `x` between the sides of a dimension.
    private func isDimension(at index: Int) -> Bool {
        scalar(index) == "x" && (scalar(skipBlanks(index + 1))?.isDigit ?? false)
    }

    /// The number at `index`, with thousands signs and a fraction.
    func decimal(at index: Int) -> (value: String, end: Int) {
        var end = digitsEnd(index)
        var whole = text(index..<end)
        while end - index <= 40, scalar(end) == ",", digitsEnd(end + 1) == end + 4 {
            if whole.count > 3 && !whole.contains(",") && end - index > 3 && end == digitsEnd(index) { break }
            whole += text(end + 1..<end + 4)
            end += 4
        }
        var fraction = ""
        if scalar(end) == ".", let next = scalar(end + 1), next.isDigit {
            let fractionEnd = digitsEnd(end + 1)
            // A second point makes a version of it: left to the caller.
            if !(scalar(fractionEnd) == "." && (scalar(fractionEnd + 1)?.isDigit ?? false)) {
                fraction = text(end + 1..<fractionEnd)
                end = fractionEnd
            }
        }
        return (DecimalText.normal(whole: whole, fraction: fraction), end)
    }

    /// Adds a number with the multiplier, unit, currency sign and 第 around it.
    mutating func append(_ value: String, range: Range<Int>) {
        var value = value
        var start = range.lowerBound
        var end = range.upperBound
        (value, end) = multiplied(value, end)
        var unit: String?
        var unitStart = skipBlanks(end)
        if let more = scalar(unitStart), more == "多" || more == "余" || more == "来" {
            unitStart = skipBlanks(unitStart + 1)
        }
        if let match = MeasureUnits.match(scalars, at: unitStart) {
            unit = match.unit
            end = match.end
        }
        var kind: NumberMention.Kind = unit == nil ? .number : .quantity
        if unit == "%" || unit == "‰" { kind = .percentage }
        if let name = unit, MeasureUnits.money.contains(name) { kind = .money }
        if kind == .number || kind == .quantity, let sign = currency(before: start) {
            kind = .money
            unit = sign.unit
            start = sign.start
        }
        if scalar(start - 1) == "第" || scalar(skipBack(start) - 1) == "第" {
            kind = .ordinal
            start = skipBack(start) - 1
        } else if hasPrefix("百分之", at: start - 3) {
            kind = .percentage
            unit = "%"
            start -= 3
        }
        found.append(Found(kind: kind, value: value, unit: unit, range: start..<end))
    }

    private func skipBack(_ index: Int) -> Int {
        var index = index
        while scalar(index - 1) == " " { index -= 1 }
        return index
    }

    private func currency(before index: Int) -> (unit: String, start: Int)? {
        let place = skipBack(index)
        switch scalar(place - 1) {
        case "¥": return ("元", place - 1)
        case "$": return ("美元", place - 1)
        case "€": return ("欧元", place - 1)
        case "£": return ("英镑", place - 1)
        default: break
        }
        for (word, unit) in [("人民币", "元"), ("rmb", "元"), ("cny", "元"), ("usd", "美元"), ("eur", "欧元")]
        where hasPrefix(word, at: place - word.unicodeScalars.count) {
            return (unit, place - word.unicodeScalars.count)
        }
        return nil
    }

    /// 1.5万, 3 亿, 2 million: the value multiplied out and the end behind the multiplier.
    private func multiplied(_ value: String, _ end: Int) -> (String, Int) {
        let start = skipBlanks(end)
        for (word, places) in [("百万", 6), ("千万", 7), ("万亿", 12), ("万", 4), ("亿", 8), ("million", 6), ("thousand", 3)]
        where hasPrefix(word, at: start) {
            return (DecimalText.shifted(value, by: places), start + word.unicodeScalars.count)
        }
        // 千 and 百 only when they do not begin a unit (千克, 千米, 百分点).
        for (word, places) in [("千", 3), ("百", 2)] where hasPrefix(word, at: end) {
            let next = scalar(end + 1)
            if next == "克" || next == "米" || next == "瓦" || next == "分" { break }
            return (DecimalText.shifted(value, by: places), end + 1)
        }
        return (value, end)
    }

    /// In 3-5天 and 100至200元 the first number has the unit of the second.
    private mutating func inheritUnits() {
        for index in found.indices.dropLast() where found[index].unit == nil && found[index].kind == .number {
            let next = found[index + 1]
            let gap = gap(after: index)
            guard Self.rangeSigns.contains(gap) || ["x", "×", "*", "、", "或"].contains(gap) else { continue }
            guard next.kind == .quantity || next.kind == .money || next.kind == .percentage else { continue }
            guard !(gap == "、" && found[index].value.count > 6) else { continue }
            found[index].unit = next.unit
            found[index].kind = next.kind
        }
    }

    private static let rangeSigns: Set<String> = ["-", "~", "～", "至", "到", "—", "–"]

    /// What stands between a mention and the next, without blanks.
    private func gap(after index: Int) -> String {
        let start = found[index].range.upperBound
        return text(start..<max(start, found[index + 1].range.lowerBound)).filter { $0 != " " }
    }

    /// In 2月15日至21日 the second is a day of the same month, not a number of days.
    private mutating func continueDates() {
        for index in found.indices.dropLast() where found[index].kind == .date {
            let next = found[index + 1]
            guard next.kind == .quantity, next.unit == "天", next.value.count <= 2, let day = Int(next.value),
                (1...31).contains(day), Self.rangeSigns.contains(gap(after: index)),
                let last = scalar(next.range.upperBound - 1), last == "日" || last == "号",
                let dash = found[index].value.lastIndex(of: "-"), found[index].value.count >= 7
            else { continue }
            found[index + 1].kind = .date
            found[index + 1].unit = nil
            found[index + 1].value = found[index].value[..<dash] + "-" + two(day)
        }
    }
}
