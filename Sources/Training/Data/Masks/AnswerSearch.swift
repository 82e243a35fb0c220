import ChatTemplates

/// The search for the answers of one conversation, from the first to the last.
struct AnswerSearch {
    let finder: AnswerFinder
    /// With control texts quoted.
    let messages: [TemplateValue]
    let tools: TemplateValue?
    /// What the template writes of the whole conversation, with control texts quoted.
    let whole: [UInt8]
    /// Where the answer before ends.
    private var searched = 0

    /// A scalar that no text has and no template treats specially, so that it is found again.
    private static let stranger = "\u{10FFFC}"

    init(finder: AnswerFinder, messages: [TemplateValue], tools: TemplateValue?, whole: [UInt8]) {
        (self.finder, self.messages, self.tools, self.whole) = (finder, messages, tools, whole)
    }

    /// The span of a message; messages are asked for in order.
    mutating func span(of index: Int) throws(RowProblem) -> AnswerSpan {
        let before = Array(messages[..<index])
        let prompt = try? finder.rendered(before, tools, prompt: true)
        var start: Int
        var isContinuation = false
        if let prompt, prompt.count >= searched, whole.starts(with: prompt) {
            start = prompt.count
            isContinuation = isBeginning(through: index)
        } else {
            start = try placeBehindHeader(index, prompt: prompt)
        }
        start = behindEmptyReasoning(start, before: before)
        guard let stop = firstStop(from: start) else {
            guard difference(index) != nil else {
                throw .answerNotRendered(message: index, reason: "the template does not write it")
            }
            throw .noStopToken(message: index)
        }
        try check(index, answer: start..<stop.lowerBound, end: stop.upperBound)
        searched = stop.upperBound
        return AnswerSpan(message: index, bytes: start..<stop.upperBound, stop: stop, isContinuation: isContinuation)
    }

    /// Whether the conversation up to and with a message is written as the whole conversation begins.
    private func isBeginning(through index: Int) -> Bool {
        guard index + 1 < messages.count else { return true }
        let part = try? finder.rendered(Array(messages[...index]), tools, prompt: false)
        return part.map { whole.starts(with: $0) } ?? false
    }

    // MARK: Where an answer begins

    /// The place where the text begins to differ when the message says something else.
    private func difference(_ index: Int) -> Int? {
        guard messages.indices.contains(index), case .dict(var entries) = messages[index] else { return nil }
        entries["content"] = .string(Self.stranger)
        for key in ["reasoning_content", "thinking", "reasoning"] where entries[key] != nil {
            entries[key] = .string(Self.stranger)
        }
        var changed = messages
        changed[index] = .dict(entries)
        let other = try? finder.rendered(changed, tools, prompt: false)
        var places = [other.flatMap(firstDifference)]
        if case .list(let calls)? = entries["tool_calls"] {
            // Some templates write nothing but the calls of such a message.
            entries["tool_calls"] = .list(calls.map(Self.withStrangeName))
            changed[index] = .dict(entries)
            places.append((try? finder.rendered(changed, tools, prompt: false)).flatMap(firstDifference))
        }
        return places.compactMap(\.self).min()
    }

    private static func withStrangeName(_ call: TemplateValue) -> TemplateValue {
        guard case .dict(var entries) = call else { return call }
        if case .dict(var function)? = entries["function"] {
            function["name"] = .string(stranger)
            entries["function"] = .dict(function)
        } else {
            entries["name"] = .string(stranger)
        }
        return .dict(entries)
    }

    private func firstDifference(_ other: [UInt8]) -> Int? {
        if other == whole { return nil }
        let shared = zip(whole, other).prefix { $0.0 == $0.1 }.count
        return shared
    }

    /// The place behind the header of an answer in a text of which the prompt is no beginning.
    private func placeBehindHeader(_ index: Int, prompt: [UInt8]?) throws(RowProblem) -> Int {
        guard let limit = difference(index), limit >= searched else {
            throw .answerNotRendered(message: index, reason: "the template does not write it")
        }
        let header = self.header(index, prompt: prompt)
        let tail = prompt ?? header
        // The place whose text before it agrees longest with the end of the prompt, the header at least.
        var best: (place: Int, length: Int)?
        var place = limit
        while place >= searched {
            let length = sharedEnd(place, tail)
            if length >= max(1, header.count), length > best?.length ?? 0 { best = (place, length) }
            place -= 1
        }
        if let best { return best.place }
        // A header of which earlier turns have only the beginning (`<think>` is for the last turn alone).
        for length in stride(from: header.count - 1, to: 0, by: -1) {
            let part = header.prefix(length)
            guard limit - length >= searched else { continue }
            let rest = (searched...(limit - length)).last { whole[$0...].starts(with: part) }
            guard let rest else { continue }
            let behind = rest + length
            if whole[behind..<limit].allSatisfy(Self.isSpace) { return behind }
        }
        return limit
    }

    /// What `add_generation_prompt` adds to the messages before an answer.
    private func header(_ index: Int, prompt: [UInt8]?) -> [UInt8] {
        let before = prompt == nil ? [RowFields.message("user", Self.stranger)] : Array(messages[..<index])
        guard let with = prompt ?? (try? finder.rendered(before, tools, prompt: true)),
            let without = try? finder.rendered(before, tools, prompt: false)
        else { return [] }
        let shared = zip(with, without).prefix { $0.0 == $0.1 }.count
        return Array(with[shared...])
    }

    /// How many bytes before a place are those at the end of `tail`.
    private func sharedEnd(_ place: Int, _ tail: [UInt8]) -> Int {
        var length = 0
        while length < min(place, tail.count), whole[place - 1 - length] == tail[tail.count - 1 - length] {
            length += 1
        }
        return length
    }

    // MARK: Reasoning that is empty

    /// The place behind an empty block of reasoning, if one stands there.
    private func behindEmptyReasoning(_ start: Int, before: [TemplateValue]) -> Int {
        for (open, close) in [("<think>", "</think>"), ("[THINK]", "[/THINK]")] {
            var place = skippingSpace(start)
            if whole[place...].starts(with: open.utf8) {
                place = skippingSpace(place + open.utf8.count)
            } else if !ends(start, with: Array(open.utf8)) {
                // The prompt may hold the opening already.
                continue
            }
            guard whole[place...].starts(with: close.utf8) else { continue }
            place += close.utf8.count
            // What the prompt with reasoning switched off ends with tells how many line feeds belong to the block.
            let off: [(String, TemplateValue)] = [("enable_thinking", false), ("thinking", false)]
            if let prompt = try? finder.rendered(before, tools, prompt: true, extra: off),
                let end = (place...whole.count).last(where: { end in
                    whole[place..<end].allSatisfy(Self.isSpace) && sharedEnd(end, prompt) >= end - start
                        && sharedEnd(end, prompt) > 0
                })
            {
                return end
            }
            while place < whole.count, whole[place] == 0x0A { place += 1 }
            return place
        }
        return start
    }

    /// Whether the text before a place ends with these bytes, white space aside.
    private func ends(_ place: Int, with bytes: [UInt8]) -> Bool {
        var end = place
        while end > 0, Self.isSpace(whole[end - 1]) { end -= 1 }
        return end >= bytes.count && whole[(end - bytes.count)..<end].elementsEqual(bytes)
    }

    private func skippingSpace(_ start: Int) -> Int {
        var place = start
        while place < whole.count, Self.isSpace(whole[place]) { place += 1 }
        return place
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    // MARK: Where an answer ends

    private func firstStop(from start: Int) -> Range<Int>? {
        var place = start
        while place < whole.count {
            let found = finder.stopTexts.filter { whole[place...].starts(with: $0) }.map(\.count).max()
            if let found { return place..<(place + found) }
            place += 1
        }
        return nil
    }

    /// Compares what was found with the message.
    private func check(_ index: Int, answer: Range<Int>, end: Int) throws(RowProblem) {
        let found = String(decoding: whole[answer], as: UTF8.self).trimmedSpace
        let hasCalls = messages[index]["tool_calls"].map { !$0.isNone } ?? false
        var expected = ""
        if case .string(let content)? = messages[index]["content"] { expected = content.answerPart.trimmedSpace }
        if !hasCalls, found == expected { return }
        guard hasCalls || found.contains(expected) else {
            throw .answerNotRendered(message: index, reason: "the template changes its text")
        }
        guard !found.isEmpty else {
            throw .answerNotRendered(message: index, reason: "nothing of it is written")
        }
        // More than the answer was found: it may be the template's own (calls, reasoning), not the next message.
        if index + 1 < messages.count {
            guard let next = difference(index + 1), next >= end else {
                throw .noStopToken(message: index)
            }
        }
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmedSpace: String {
        var scalars = unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    /// What follows the reasoning, which many templates drop.
    fileprivate var answerPart: String {
        guard let end = ranges(of: "</think>").last?.upperBound else { return self }
        return String(self[end...])
    }
}
