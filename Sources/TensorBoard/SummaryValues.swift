import Foundation
import SwiftProtobuf

/// What an event holds, as the parts of TensorBoard that show it want it.
extension Tensorflow_Summary.Value {
  static func scalar(_ tag: String, _ number: Double) -> Self {
    var value = Self()
    value.tag = tag
    value.simpleValue = Float(number)
    return value
  }

  static func picture(_ picture: Picture) -> Self {
    var value = Self()
    value.tag = picture.tag
    value.image.height = Int32(picture.height)
    value.image.width = Int32(picture.width)
    value.image.colorspace = 1
    value.image.encodedImageString = picture.png
    return value
  }

  /// A text in Markdown.
  static func text(_ tag: String, _ markdown: String) -> Self {
    // The plugin's own message has nothing but a version, 0, which is no byte.
    var value = Self(tag, plugin: "text", content: Data())
    value.tensor.dtype = .dtString
    // A shape without dimensions: in one with some, TensorBoard would draw a table of texts.
    value.tensor.tensorShape = Tensorflow_TensorShapeProto()
    value.tensor.stringVal = [Data(markdown.utf8)]
    return value
  }

  /// What `tensorboard.plugins.hparams.metadata` calls by these tags.
  static func experiment(_ data: Tensorboard_Hparams_HParamsPluginData) throws -> Self {
    try hyperparameters("_hparams_/experiment", data)
  }

  static func sessionStart(_ data: Tensorboard_Hparams_HParamsPluginData) throws -> Self {
    try hyperparameters("_hparams_/session_start_info", data)
  }

  static func sessionEnd(_ data: Tensorboard_Hparams_HParamsPluginData) throws -> Self {
    try hyperparameters("_hparams_/session_end_info", data)
  }

  private static func hyperparameters(_ tag: String, _ data: Tensorboard_Hparams_HParamsPluginData) throws -> Self {
    var value = Self(tag, plugin: "hparams", content: try data.serializedBytes())
    // All is in the metadata; TensorBoard wants a tensor, and its own writer too gives it one of no elements.
    value.tensor.dtype = .dtFloat
    value.tensor.tensorShape.dim = [Tensorflow_TensorShapeProto.Dim()]
    return value
  }

  private init(_ tag: String, plugin: String, content: Data) {
    self.init()
    self.tag = tag
    metadata.pluginData.pluginName = plugin
    metadata.pluginData.content = content
    metadata.dataClass = .tensor
  }
}
