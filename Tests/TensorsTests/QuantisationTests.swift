import Tensors
import TestSupport
import Testing

@Suite struct ElementTypeTests {
    @Test func namesAndSizes() {
        #expect(ElementType.named["q4_k"] == .q4_k)
        #expect(ElementType.q4_k.name == "Q4_K")
        #expect(ElementType.q6_k.byteCount(elements: 512) == 420)
        #expect(ElementType.q6_k.byteCount(elements: 500) == nil)
    }
}
