import ChatTemplates

/// Rows that are given as token ids.
extension RowFields {
    /// `input_ids`, `labels` (aligned with them) and perhaps `position_ids`. Without `labels` every token is trained.
    func idRow(vocabulary: Int?) throws(RowProblem) -> TrainingRow {
        let tokens = try ids("input_ids", vocabulary: vocabulary)
        guard !tokens.isEmpty else { throw .empty(key: "input_ids") }
        var labels = tokens
        if value("labels") != nil {
            labels = try ids("labels", vocabulary: vocabulary, allowsIgnored: true)
            guard labels.count == tokens.count else {
                throw .unequalLengths(key: "labels", expected: tokens.count, actual: labels.count)
            }
        } else {
            labels[0] = TrainingRow.ignored
        }
        return TrainingRow(tokens: tokens, labels: labels, positions: try positions(count: tokens.count))
    }

    private func positions(count: Int) throws(RowProblem) -> [Int32]? {
        guard value("position_ids") != nil else { return nil }
        let positions = try ids("position_ids", vocabulary: nil)
        guard positions.count == count else {
            throw .unequalLengths(key: "position_ids", expected: count, actual: positions.count)
        }
        var expected: Int32 = 0
        for (index, position) in positions.enumerated() {
            guard position == expected || position == 0 else {
                throw .badPosition(index: index, expected: Int(expected), actual: Int(position))
            }
            expected = position + 1
        }
        return positions
    }

    /// `prompt_ids`, `chosen_ids`, `rejected_ids`.
    func idPair(vocabulary: Int?) throws(RowProblem) -> PreferencePair {
        PreferencePair(
            prompt: try filled("prompt_ids", vocabulary), chosen: try filled("chosen_ids", vocabulary),
            rejected: try filled("rejected_ids", vocabulary))
    }

    /// `prompt_ids`, `completion_ids`, `label`.
    func idJudgement(vocabulary: Int?) throws(RowProblem) -> JudgedCompletion {
        JudgedCompletion(
            prompt: try filled("prompt_ids", vocabulary), completion: try filled("completion_ids", vocabulary),
            isWanted: try judgement())
    }

    /// `label` or `kto_tag`: whether the answer is wanted.
    func judgement() throws(RowProblem) -> Bool {
        for key in ["label", "kto_tag"] {
            guard let value = value(key) else { continue }
            guard let truth = DatasetForm.truth(value) else { throw .wrongType(key: key, expected: "true or false") }
            return truth
        }
        throw .missing(key: "label")
    }

    private func filled(_ key: String, _ vocabulary: Int?) throws(RowProblem) -> [Int32] {
        let found = try ids(key, vocabulary: vocabulary)
        guard !found.isEmpty else { throw .empty(key: key) }
        return found
    }
}
