import { TwelveLabs } from 'twelvelabs-js';

/** `sdk-process.js <file>`: uploads it to `TWELVELABS_BASE_URL` with the helper's defaults, and says which asset it is. */
async function main(file: string): Promise<void> {
  const { assetId } = await new TwelveLabs({ apiKey: 'emulator' }).multipartUpload.uploadFile(file);
  console.log(JSON.stringify({ assetId }));
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
