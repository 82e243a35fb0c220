/// Reads the station list at the head of a page.
///
/// A province line is a letter with a province behind it, or a province alone; the line after it holds the cities.
/// Lists that run over several lines, letters on lines of their own, and cities behind the province on one line are
/// read too. The list ends at the first line that is neither.
struct StationListReader {
    static let stationLimit = 20_000
    /// Lines with text that may stand above the first province.
    static let preambleLimit = 8

    let lines: PageLines
    let divisions: Divisions
    private(set) var selectedCity: PrintedText?
    private(set) var provinces: [PrintedProvince] = []
    private(set) var unread: [PrintedText] = []
    private var letter: String?
    private var stationCount = 0

    init(lines: PageLines, divisions: Divisions) {
        self.lines = lines
        self.divisions = divisions
    }

    /// What a line is within the list.
    private enum Role {
        case blank
        case letters(String?)
        case province(letter: String?, name: String, cities: [String])
        case cities([String])
        case other
    }

    /// Reads the list.
    ///
    /// - Returns: The index of the first line behind it.
    mutating func read() throws(SitePageError) -> Int {
        let start = try readPreamble()
        var index = start
        reading: while index < lines.count {
            switch role(of: index) {
            case .blank: break
            case .letters(let one): letter = one ?? letter
            case .province(let own, let name, let cities):
                letter = own ?? letter
                provinces.append(PrintedProvince(letter: letter, name: name, line: index + 1, cities: []))
                try append(cities, line: index + 1)
            case .cities(let cities): try append(cities, line: index + 1)
            case .other:
                guard goesOn(behind: index) else { break reading }
                unread.append(lines.text(index))
            }
            index += 1
        }
        try check()
        return index
    }

    private mutating func append(_ cities: [String], line: Int) throws(SitePageError) {
        guard !provinces.isEmpty else { return }
        stationCount += cities.count
        guard stationCount <= Self.stationLimit else {
            throw .tooManyStations(line: line, limit: Self.stationLimit)
        }
        let last = provinces.count - 1
        provinces[last].cities += cities.map { PrintedText(printed: $0, line: line) }
    }

    /// Lines above the first province: the chosen city, perhaps a banner.
    private mutating func readPreamble() throws(SitePageError) -> Int {
        var above: [Int] = []
        for index in 0..<lines.count {
            switch role(of: index) {
            case .province, .letters(.some):
                try choose(from: above)
                return index
            case .blank, .letters(nil): continue
            case .cities, .other:
                above.append(index)
                guard above.count <= Self.preambleLimit else { throw noStations(above) }
            }
        }
        throw noStations(above)
    }

    private func noStations(_ above: [Int]) -> SitePageError {
        let index = above.first ?? 0
        return .noStations(line: index + 1, found: String(lines.trimmed[index].prefix(40)))
    }

    private mutating func choose(from above: [Int]) throws(SitePageError) {
        for index in above {
            let words = lines.trimmed[index].listWords
            // 当前城市：鞍山 [切换] names it among other words; a page's only word is it even when it is unknown.
            let named = words.count <= 4 ? words.first(where: isKnownCity) : nil
            if selectedCity == nil, let word = named ?? (above.count == 1 && words.count == 1 ? words.first : nil) {
                selectedCity = PrintedText(printed: word, line: index + 1)
            } else {
                unread.append(lines.text(index))
            }
        }
    }

    private func role(of index: Int) -> Role {
        let words = lines.trimmed[index].listWords
        guard let first = words.first else { return lines.trimmed[index].isEmpty ? .blank : .other }
        if let own = Self.letter(first) {
            let rest = Array(words.dropFirst())
            if rest.isEmpty { return .letters(own) }
            // The row of all letters that pages print above the list.
            if rest.allSatisfy({ Self.letter($0) != nil }) { return .letters(nil) }
            if divisions.province(named: rest[0]) != nil || looksLikeProvince(at: index, rest) {
                return .province(letter: own, name: rest[0], cities: Array(rest.dropFirst()))
            }
            return .other
        }
        let waiting = provinces.last.map(\.cities.isEmpty) ?? false
        if let named = divisions.province(named: first) {
            // 北京 or 北京市 below 北京, and 吉林 before 长春 below 吉林, are cities.
            // So is 海南 alone below 青海, which has a prefecture of that name.
            let above = provinces.last.flatMap { divisions.province(named: $0.name) }
            let isInside = divisions.units(named: first).contains { $0.provinceCode == above?.code }
            let isOwnCity = waiting && (words.count > 1 || above == named || isInside)
            return isOwnCity ? .cities(words) : .province(letter: nil, name: first, cities: Array(words.dropFirst()))
        }
        if provinces.isEmpty || Telephone.isLikely(lines.trimmed[index]) { return .other }
        let known = words.count(where: isKnownCity)
        if waiting { return words.allSatisfy { $0.unicodeScalars.count <= 20 } ? .cities(words) : .other }
        return known * 2 >= words.count && known > 0 ? .cities(words) : .other
    }

    /// Whether the list goes on behind a line that does not belong to it (海外, an advertisement): one of the next three
    /// lines with text is a province with a known city below it, and no telephone number comes before.
    private func goesOn(behind index: Int) -> Bool {
        var next = index
        for _ in 0..<4 {
            if Telephone.isLikely(lines.trimmed[next]) { return false }
            guard let following = lines.firstWithText(from: next + 1) else { return false }
            next = following
            let words = lines.trimmed[next].listWords
            let name = words.first.flatMap { Self.letter($0) == nil ? words.first : words.dropFirst().first }
            guard let name, words.count <= 2, divisions.province(named: name) != nil,
                let below = lines.firstWithText(from: next + 1)
            else { continue }
            let cities = lines.trimmed[below].listWords
            return cities.count(where: isKnownCity) * 2 >= cities.count && !cities.isEmpty
        }
        return false
    }

    /// A letter with an unknown name behind it is a province only if cities follow: `A 公司` may be anything.
    private func looksLikeProvince(at index: Int, _ rest: [String]) -> Bool {
        guard rest.count == 1, let next = lines.firstWithText(from: index + 1) else { return false }
        let words = lines.trimmed[next].listWords
        return !words.isEmpty && words.count(where: isKnownCity) * 2 >= words.count
    }

    private func isKnownCity(_ word: String) -> Bool {
        !divisions.units(named: word).isEmpty || !divisions.countyCities(named: word).isEmpty
            || divisions.formerName(word) != nil || !divisions.namesakes(named: word).isEmpty
    }

    private static func letter(_ word: String) -> String? {
        guard word.unicodeScalars.count == 1, let scalar = word.unicodeScalars.first else { return nil }
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A: return word.uppercased()
        case 0xFF21...0xFF3A: return Unicode.Scalar(scalar.value - 0xFF21 + 0x41).map { String(Character($0)) }
        case 0xFF41...0xFF5A: return Unicode.Scalar(scalar.value - 0xFF41 + 0x41).map { String(Character($0)) }
        default: return nil
        }
    }

    /// A text that has a province by chance is no station list: most names below must be cities.
    private func check() throws(SitePageError) {
        let cities = provinces.flatMap(\.cities)
        guard let first = provinces.first, !cities.isEmpty else {
            throw .noCities(line: provinces.first?.line ?? 1, province: provinces.first?.name ?? "")
        }
        let strange = cities.filter { !isKnownCity($0.printed) }
        if strange.count * 2 > cities.count, let example = strange.first {
            throw .unknownCities(
                line: first.line, known: cities.count - strange.count, total: cities.count,
                example: String(example.printed.prefix(40)))
        }
    }
}
