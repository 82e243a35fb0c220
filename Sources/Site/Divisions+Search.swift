extension Divisions {
    /// Units for what a visitor types: Chinese (合, 合肥市), full pinyin (hefei, He Fei) or initials (hf).
    ///
    /// Exact hits come first, then names that begin with the text; within both, prefectures before counties, in the
    /// order of the codes. 吕 may be written lv or lü.
    ///
    /// - Parameters:
    ///   - query: What was typed; blanks and apostrophes do not count, nor does case.
    ///   - limit: The most units returned.
    public func search(_ query: String, limit: Int = 20) -> [Division] {
        let typed = Self.folded(query)
        guard !typed.isEmpty, typed.count <= 64 else { return [] }
        var exact: [Division] = []
        var beginning: [Division] = []
        let candidates = units + countyCities
        for division in candidates {
            let keys = [division.name, division.fullName, division.pinyin, division.initials]
            if keys.contains(typed) {
                exact.append(division)
            } else if keys.contains(where: { $0.hasPrefix(typed) }) {
                beginning.append(division)
            }
        }
        // A form that only the table of printed forms knows (克州, 阿坝州).
        for division in units(named: typed) where !exact.contains(division) { exact.append(division) }
        if let former = formerName(typed), !exact.contains(former.today) { exact.append(former.today) }
        return Array((exact + beginning).prefix(max(0, limit)))
    }

    private static func folded(_ query: String) -> String {
        var out = ""
        for character in query.lowercased() where !character.isWhitespace && character != "'" && character != "’" {
            out.append(character == "ü" ? "v" : character)
        }
        return out
    }
}
