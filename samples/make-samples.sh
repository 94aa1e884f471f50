#!/usr/bin/env bash
# Makes the sample media again. Needs ffmpeg with libx264, aac and libmp3lame; the results stand in the repository.
set -euo pipefail
cd "$(dirname "$0")"
quiet=(-hide_banner -loglevel error -y)

# 10 s of a moving test pattern with a tone that rises, H.264 and AAC.
ffmpeg "${quiet[@]}" -f lavfi -i testsrc2=size=640x360:rate=15 -f lavfi -i "sine=frequency=330:beep_factor=3" -t 10 \
  -c:v libx264 -preset veryslow -crf 34 -pix_fmt yuv420p -c:a aac -b:a 48k -movflags +faststart clip.mp4
# 6 s of another one: a cellular automaton, scaled up.
ffmpeg "${quiet[@]}" -f lavfi -i life=size=80x60:rate=8:mold=10:ratio=0.2:seed=7:death_color=#203040:life_color=#f0d080 \
  -f lavfi -i "sine=frequency=220" -t 6 -vf scale=480:360:flags=neighbor \
  -c:v libx264 -preset veryslow -crf 36 -pix_fmt yuv420p -c:a aac -b:a 48k -movflags +faststart city.mp4
# 12 s of two tones, MP3.
ffmpeg "${quiet[@]}" -f lavfi -i "aevalsrc='0.3*sin(2*PI*t*(220+110*floor(mod(t\,4))))+0.2*sin(2*PI*t*440)':s=44100" -t 12 \
  -c:a libmp3lame -b:a 64k melody.mp3
# Stills of patterns; nobody's face.
ffmpeg "${quiet[@]}" -f lavfi -i mandelbrot=size=512x512 -frames:v 1 -q:v 5 portrait-1.jpg
ffmpeg "${quiet[@]}" -f lavfi -i rgbtestsrc=size=400x400 -frames:v 1 portrait-2.png
ffmpeg "${quiet[@]}" -f lavfi -i testsrc=size=480x480 -frames:v 1 -q:v 5 portrait-3.jpg
