import Markup

/// Where a chart is shown.
public enum ChartMedium: Sendable {
  /// In a file of its own, on white.
  case file
  /// Within a page, in the page's colours; no other chart of the page has the same identifier.
  case page(identifier: String)

  /// The attributes of text and lines in the colour of text.
  var ink: String {
    switch self {
    case .file: "#333333"
    case .page: "currentColor"
    }
  }

  /// The identifier of the region that curves are clipped to.
  var clip: String {
    switch self {
    case .file: "plot"
    case .page(let identifier): "\(identifier)-plot"
    }
  }

  /// The colour of a line across the plot, or of a text, that stands back behind the others.
  func faint(_ color: String, opacity: String, of attribute: String) -> [MarkupElement.Attribute] {
    switch self {
    case .file: [(attribute, color)]
    case .page: [(attribute, "currentColor"), ("\(attribute)-opacity", opacity)]
    }
  }
}
