internal import CLibXML2

/// A page's elements and texts as a flat list in document order. Each node knows where its subtree ends, so that
/// every pass is a loop and no depth of nesting can exhaust the stack.
struct HTMLTree {
    struct Node {
        /// The element's name in lower case, or empty for a text.
        let name: String
        /// The text of a text node.
        let text: String
        let attributes: [String: String]
        /// Index of the parent, −1 for the root.
        let parent: Int
        /// Index behind the last node of the subtree.
        var end: Int

        var isText: Bool { name.isEmpty }
    }

    private(set) var nodes: [Node] = []

    /// More nodes are cut off.
    static let mostNodes = 2_000_000
    private static let largestPage = 12 << 20
    private static let keptAttributes: Set<String> = [
        "class", "id", "role", "style", "hidden", "aria-hidden", "href", "name", "property", "itemprop", "content",
        "datetime", "start", "colspan", "rowspan", "lang", "http-equiv",
    ]

    /// Parses a page with libxml2's HTML parser: no network, no entities of its own, errors repaired.
    ///
    /// - Throws: `DocumentProblem` when the page is too large or no tree comes out.
    init(_ page: String) throws(DocumentProblem) {
        let source = HTMLSource(page)
        guard source.bytes.count <= Self.largestPage else {
            throw DocumentProblem(
                reason: .tooLarge, detail: "\(source.bytes.count) bytes of markup; the limit is \(Self.largestPage)")
        }
        guard !source.bytes.isEmpty else { return }
        let options =
            Int32(HTML_PARSE_RECOVER.rawValue) | Int32(HTML_PARSE_NOERROR.rawValue)
            | Int32(HTML_PARSE_NOWARNING.rawValue) | Int32(HTML_PARSE_NONET.rawValue)
            | Int32(HTML_PARSE_COMPACT.rawValue)
        // The bytes live as long as the call; the parser copies what it keeps.
        let document = unsafe source.bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                unsafe htmlReadMemory(characters.baseAddress, Int32(characters.count), nil, "UTF-8", options)
            }
        }
        guard let document = unsafe document else {
            throw DocumentProblem(reason: .malformed, detail: "the HTML parser found no document")
        }
        defer { unsafe xmlFreeDoc(document) }
        if let root = unsafe xmlDocGetRootElement(document) { unsafe copy(root) }
    }

    /// Copies the tree in document order without recursion.
    private mutating func copy(_ root: xmlNodePtr) {
        var node = unsafe root
        var parent = -1
        while nodes.count < Self.mostNodes {
            let index = unsafe append(node, parent: parent)
            if let child = unsafe node.pointee.children, index >= 0, !nodes[index].isText {
                parent = index
                unsafe node = child
                continue
            }
            // Up to the next node that has something behind it.
            while unsafe node != root, unsafe node.pointee.next == nil, let above = unsafe node.pointee.parent {
                if parent >= 0 {
                    nodes[parent].end = nodes.count
                    parent = nodes[parent].parent
                }
                unsafe node = above
            }
            guard unsafe node != root, let next = unsafe node.pointee.next else { break }
            unsafe node = next
        }
        // Where the limit cut the copy, what is still open ends here.
        while parent >= 0 {
            nodes[parent].end = nodes.count
            parent = nodes[parent].parent
        }
    }

    /// Adds one node.
    ///
    /// - Returns: its index, or −1 for comments and the like, which are left out.
    private mutating func append(_ node: xmlNodePtr, parent: Int) -> Int {
        let index = nodes.count
        switch unsafe node.pointee.type {
        case XML_ELEMENT_NODE:
            let name = unsafe Self.string(node.pointee.name).lowercased()
            nodes.append(
                Node(name: name, text: "", attributes: unsafe attributes(of: node), parent: parent, end: index + 1))
        case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
            let text = unsafe Self.string(node.pointee.content)
            nodes.append(Node(name: "", text: text, attributes: [:], parent: parent, end: index + 1))
        default:
            return -1
        }
        return index
    }

    private func attributes(of node: xmlNodePtr) -> [String: String] {
        var found: [String: String] = [:]
        var attribute = unsafe node.pointee.properties
        while let current = unsafe attribute {
            let name = unsafe Self.string(current.pointee.name).lowercased()
            if Self.keptAttributes.contains(name) {
                var value = ""
                if let content = unsafe current.pointee.children { value = unsafe Self.string(content.pointee.content) }
                found[name] = value
            }
            unsafe attribute = current.pointee.next
        }
        return found
    }

    /// The NUL-terminated UTF-8 text at `pointer`, repaired where it is not valid.
    private static func string(_ pointer: UnsafePointer<xmlChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }

    private static func string(_ pointer: UnsafeMutablePointer<xmlChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }
}
