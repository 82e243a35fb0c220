import Storage

/// The assistant of a home where none is configured: over its only index, or over the one that is named.
struct UnconfiguredAssistant: Equatable {
    /// nil: the only one.
    var index: String?
    /// A place or a name below `HOME/adapters`; nil: the model itself.
    var adapter: String?
    /// Whether the model was tuned to refuse.
    var trustsRefusals = false

    /// Its index; nil where there is none to choose. With several and none named, it is said that nobody answers.
    /// - Throws: `Failure` where the named one is not in use, or more is said of an assistant that has none.
    func index(of database: PalletDatabase) async throws -> String? {
        let all = try await database.passages.allIndexes().filter { $0.active != nil }.map(\.name).sorted()
        if let index {
            guard all.contains(index) else {
                let known = all.isEmpty ? text("无", "none") : all.joined(separator: text("、", ", "))
                throw Failure(
                    .noInput, "没有可用的索引 \(index)（现有：\(known)）", "no index \(index) in use (there are: \(known))")
            }
            return index
        }
        if all.count > 1, adapter != nil || trustsRefusals {
            throw Failure(
                .usage, "有多个索引（\(all.joined(separator: "、"))），请用 --index 指定助手所用的一个",
                "there are several indexes (\(all.joined(separator: ", "))): name the assistant's with --index")
        } else if all.count > 1 {
            Output.note(
                text(
                    "注意：有多个索引（\(all.joined(separator: "、"))），助手未启用。用 --index 指定一个。",
                    "note: there are several indexes (\(all.joined(separator: ", "))), so there is no assistant. Name one "
                        + "with --index."))
        } else if all.isEmpty, adapter != nil || trustsRefusals {
            throw Failure(
                .noInput, "没有索引，因而没有助手：先运行 pallet index build",
                "there is no index and so no assistant: pallet index build first")
        }
        return all.count == 1 ? all.first : nil
    }
}
