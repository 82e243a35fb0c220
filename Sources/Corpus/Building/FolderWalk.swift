internal import Foundation

/// A file that a reader exists for.
struct SourceDocument: Sendable {
    /// Path relative to the folder, `/` between the parts.
    let path: String
    let url: URL
    let kind: DocumentKind
    /// When it was last changed, `yyyy-mm-dd` in UTC.
    let modified: String

    /// The file's name without folder and extension.
    var stem: String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }
}

/// Lists a folder with all folders below it, in the order of the paths' scalars, without following links.
struct FolderWalk {
    /// Folders nested deeper are listed as not read.
    static let deepest = 64

    private(set) var documents: [SourceDocument] = []
    private(set) var unread: [UnreadDocument] = []

    /// - Throws: `CorpusError.noFolder`, `.unreadableFolder` when the folder itself cannot be listed.
    init(folder: URL) throws(CorpusError) {
        let root = folder.resolvingSymlinksInPath()
        let attributes = try? FileManager.default.attributesOfItem(atPath: root.path)
        guard attributes?[.type] as? FileAttributeType == .typeDirectory else {
            throw .noFolder(path: folder.path)
        }
        do {
            try visit(FileManager.default.contentsOfDirectory(atPath: root.path), under: "", at: root, root: root)
        } catch {
            throw .unreadableFolder(path: folder.path, reason: CorpusFolder.reason(error))
        }
        documents.sort { $0.path.unicodeScalars.lexicographicallyPrecedes($1.path.unicodeScalars) }
        unread.sort { $0.document.unicodeScalars.lexicographicallyPrecedes($1.document.unicodeScalars) }
    }

    private mutating func visit(_ names: [String], under prefix: String, at folder: URL, root: URL) {
        for name in names {
            let path = prefix + name
            let url = folder.appendingPathComponent(name)
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: url.path) else {
                add(path, .vanished, "its attributes cannot be read")
                continue
            }
            let type = attributes[.type] as? FileAttributeType
            if type == .typeSymbolicLink {
                addLink(path, url, root)
            } else if name.hasPrefix(".") {
                let what = type == .typeDirectory ? "hidden folder with all that it holds" : "hidden file"
                add(path, .hidden, "\(what): rename it if it should be read")
            } else if type == .typeDirectory {
                visitFolder(path, url, root)
            } else if type == .typeRegular {
                addFile(path, url, attributes[.modificationDate] as? Date)
            } else {
                add(path, .special, "neither a file nor a folder")
            }
        }
    }

    private mutating func visitFolder(_ path: String, _ url: URL, _ root: URL) {
        guard path.split(separator: "/").count < Self.deepest else {
            add(path, .tooDeep, "folders nested deeper than \(Self.deepest)")
            return
        }
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
            visit(names, under: path + "/", at: url, root: root)
        } catch {
            add(path, .unreadable, "folder: \(CorpusFolder.reason(error))")
        }
    }

    private mutating func addFile(_ path: String, _ url: URL, _ modified: Date?) {
        let ending = path.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init) ?? ""
        guard let kind = DocumentKind(fileExtension: ending) else {
            let type = ending.isEmpty ? "files without an extension" : "." + ending.lowercased() + " files"
            add(path, .typeNotReadYet, "\(type) are not read yet: save it as text, HTML or CSV")
            return
        }
        documents.append(
            SourceDocument(path: path, url: url, kind: kind, modified: CivilDate.day(of: modified ?? .distantPast)))
    }

    private mutating func addLink(_ path: String, _ url: URL, _ root: URL) {
        let target = url.resolvingSymlinksInPath().path
        if !FileManager.default.fileExists(atPath: url.path) {
            add(path, .link, "symbolic link that leads nowhere or in a circle")
        } else if target == root.path || target.hasPrefix(root.path + "/") {
            add(path, .link, "symbolic link to a place inside the folder, read there")
        } else {
            add(path, .link, "symbolic link out of the folder: copy the documents into the folder")
        }
    }

    private mutating func add(_ path: String, _ reason: UnreadDocument.Reason, _ detail: String) {
        unread.append(UnreadDocument(document: path, reason: reason, detail: detail))
    }
}
