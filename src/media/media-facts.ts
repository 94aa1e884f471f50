/** Width and height in pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** What the content of a file is, whatever its name says. What cannot be told is absent. */
export interface MediaFacts {
  /**
   * `document`: a PDF, or text. `none`: certainly no video, audio or image. Absent if the file was not read far enough
   * to say so, or is of a format that is not known here.
   */
  kind?: 'video' | 'audio' | 'image' | 'document' | 'none';
  /** Name of the format as MediaInfo gives it, such as `MPEG-4`, `Matroska`, `JPEG` or `PDF`; or `text`. */
  container?: string;
  /** Format of the first video, audio or image stream, such as `AVC`, `AAC` or `JPEG`. */
  codec?: string;
  /**
   * Every size that a reader may take for the picture's, the most likely one first: of each video stream as it is stored
   * and, where its pixels are not square, as it is shown. A video that is to be turned upright is given upright.
   */
  sizes: readonly PictureSize[];
  /** Seconds; never a guess from a part of the file. */
  durationSec?: number;
  videoStreams: number;
  audioStreams: number;
  /** The file ends before its content does. */
  cutShort?: true;
}

/** A file that is about to be submitted, and what it contains. */
export interface MediaItem extends MediaFacts {
  /** Name at the provider. */
  filename: string;
  sizeBytes: number;
  /** Field of the input that names the source, for messages: `source.path`. */
  field: string;
}
