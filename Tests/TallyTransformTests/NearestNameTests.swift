import TallyTransform
import Testing

@Suite("The nearest known name")
struct NearestNameTests {
    @Test(
        "a misspelling finds the name it was meant to be, and another word finds none",
        arguments: [
            ("trasnform", "transform"), ("form", "from"), ("Tables", "tables"), ("capturee", "capture"), ("t", "to"),
            ("password", nil), ("", nil),
        ] as [(String, String?)]
    )
    func nearest(_ wrong: String, _ right: String?) {
        #expect(nearestName(to: wrong, in: ["from", "to", "tables", "capture", "transform"]) == right)
    }
}
