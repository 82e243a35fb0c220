internal import Foundation

/// Addresses in Hugging Face's layout.
enum HubAddress {
    /// `BASE/REPOSITORY/resolve/REVISION/FILE`, each part escaped.
    static func file(base: String, repository: String, revision: String, file: String) throws(ModelHubError) -> URL {
        guard let root = URL(string: base), let scheme = root.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = root.host, !host.isEmpty, root.query == nil, root.fragment == nil
        else { throw .badAddress(base) }
        let path =
            repository.split(separator: "/").map(String.init) + ["resolve", revision]
            + file.split(separator: "/").map(String.init)
        guard path.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { throw .badAddress(repository) }
        let escaped = path.map { $0.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }
        let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
        guard let url = URL(string: trimmed + "/" + escaped.joined(separator: "/")) else { throw .badAddress(base) }
        return url
    }

    private static let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// Where a redirect leads, or why it is not followed: only http and https, and never from https to http.
    static func redirect(from url: URL, location: String?) throws(ModelHubError) -> URL {
        guard let location, let target = URL(string: location, relativeTo: url)?.absoluteURL,
            let scheme = target.scheme?.lowercased()
        else { throw .redirect(url: url.absoluteString, reason: "no usable Location") }
        guard ["http", "https"].contains(scheme), target.host?.isEmpty == false else {
            throw .redirect(url: url.absoluteString, reason: "to \(scheme):, only http and https are followed")
        }
        guard url.scheme?.lowercased() != "https" || scheme == "https" else {
            throw .redirect(url: url.absoluteString, reason: "from https to http")
        }
        // A hub outside must not make this machine ask its own network (server-side request forgery).
        guard isInternal(url.host ?? "") || !isInternal(target.host ?? "") else {
            throw .redirect(url: url.absoluteString, reason: "to the internal address \(target.host ?? "")")
        }
        return target
    }

    /// Whether a host is written as an address of this machine or of a private network, or as a name without a dot.
    /// Names are not looked up: what comes from them is still checked by its hash.
    static func isInternal(_ host: String) -> Bool {
        let name = host.lowercased().filter { $0 != "[" && $0 != "]" }
        if name.contains(":") {
            // Loopback, unspecified, mapped IPv4, unique local and link-local.
            return ["::1", "::"].contains(name) || name.hasPrefix("::ffff:") || name.hasPrefix("fc")
                || name.hasPrefix("fd") || name.hasPrefix("fe8") || name.hasPrefix("fe9") || name.hasPrefix("fea")
                || name.hasPrefix("feb")
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && !$0.isEmpty }) else {
            // Hexadecimal addresses, localhost, and the names of a private network.
            return name.hasPrefix("0x") || !name.contains(".") || name.hasSuffix(".localhost")
                || name.hasSuffix(".local") || name.hasSuffix(".internal")
        }
        // Numbers in fewer than four parts, or with leading zeros, are other spellings of some address.
        guard parts.count == 4, parts.allSatisfy({ $0 == "0" || !$0.hasPrefix("0") }) else { return true }
        let numbers = parts.map { Int($0) ?? 256 }
        switch (numbers[0], numbers[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (172, 16...31), (100, 64...127): return true
        default: return numbers.contains { $0 > 255 } || numbers[0] >= 224
        }
    }

    /// First, last and whole size of `bytes 0-99/1000`; nil when it is of another form.
    static func contentRange(_ text: String?) -> (first: Int64, last: Int64, total: Int64?)? {
        guard let text, text.hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, last >= first
        else { return nil }
        return (first, last, Int64(halves[1]))
    }
}
