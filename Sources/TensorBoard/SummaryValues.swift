import Foundation
import SwiftProtobuf

/// The values of a summary, in the form that TensorBoard's plugins expect.
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
    // The plugin's message has only one field, the version 0, which takes no bytes.
    var value = Self(tag, plugin: "text", content: Data())
    value.tensor.dtype = .dtString
    // A scalar: TensorBoard would show a tensor with dimensions as a table.
    value.tensor.tensorShape = Tensorflow_TensorShapeProto()
    value.tensor.stringVal = [Data(markdown.utf8)]
    return value
  }

  /// The columns of the table of hyperparameters, under the tag that `tensorboard.plugins.hparams.metadata` gives them.
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
    // Everything is in the metadata. TensorBoard expects a tensor too; its own writer provides an empty one.
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
