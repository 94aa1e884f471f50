"""What users do with vi-sdk, as it is, against the emulator. Pictures are at VI_TEST_PICTURES."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
import vi
from vi.api.resources.datasets.assets import consts
from vi.api.resources.datasets.assets.types import (
    AssetSortCriterion,
    SortCriterion,
    SortOrder,
)
from vi.api.types import PaginationParams
from vi.client.errors import ViError, ViNotFoundError

PICTURES = Path(os.environ["VI_TEST_PICTURES"])
NAMES = sorted(path.name for path in PICTURES.iterdir())
DATASET = "sdk"


@pytest.fixture(scope="module")
def assets():
    client = vi.Client()  # closes its connections when nobody holds it
    yield client.assets
    client.close()


@pytest.fixture(autouse=True)
def empty(assets):
    for asset in everything(assets):
        assets.delete(DATASET, asset.asset_id)


def everything(assets):
    return assets.list(DATASET, pagination=PaginationParams(page_size=1000)).items


def names(assets):
    return sorted(asset.filename for asset in everything(assets))


def test_a_file_is_uploaded_and_told_with_its_picture(assets):
    from PIL import Image

    file = PICTURES / NAMES[0]
    result = assets.upload(DATASET, str(file), wait_until_done=True)
    assert (result.total_files, result.total_succeeded, result.total_failed) == (1, 1, 0)
    assert result.success_rate == 100.0
    assert result.failed_files == {}
    [listed] = everything(assets)
    asset = assets.get(DATASET, listed.asset_id, contents=True)
    with Image.open(file) as picture:
        assert (asset.metadata.width, asset.metadata.height) == picture.size
    assert asset.metadata.file_size == file.stat().st_size
    assert asset.metadata.hash.algorithm == "sha256"
    assert asset.metadata.hash.contents == sha256(file.read_bytes()).hexdigest()
    assert asset.contents.thumbnail.url != asset.contents.asset.url
    asset.info()


def test_a_folder_is_uploaded(assets):
    result = assets.upload(DATASET, PICTURES, wait_until_done=True)
    assert result.total_succeeded == len(NAMES)
    assert names(assets) == NAMES
    assert str(len(NAMES)) in result.summary()


def test_a_list_of_files_is_uploaded_without_waiting_and_then_waited_for(assets):
    paths = [str(PICTURES / name) for name in NAMES[:2]]
    result = assets.upload(DATASET, paths, wait_until_done=False)
    [session_id] = result.session_ids
    session = assets.wait_until_done(DATASET, session_id)
    assert session.status.progressCount.succeeded == 2
    assert session.asset_ingestion_session_id == session_id
    assert names(assets) == NAMES[:2]


def test_a_damaged_file_is_told_with_its_code(assets, tmp_path):
    good = (PICTURES / NAMES[0]).read_bytes()
    (tmp_path / "good.jpg").write_bytes(good)
    (tmp_path / "half.jpg").write_bytes(good[: len(good) // 2])
    result = assets.upload(
        DATASET, tmp_path, failure_mode="FailAfterAll", wait_until_done=True
    )
    assert (result.total_succeeded, result.total_failed) == (1, 1)
    assert result.failed_files == {"half.jpg": "ECORRUPT"}


def test_lists_are_sorted_and_come_in_pages(assets):
    assets.upload(DATASET, PICTURES, wait_until_done=True)
    found, token = [], None
    by_name = AssetSortCriterion(criterion=SortCriterion.FILENAME, order=SortOrder.DESC)
    while True:
        page = assets.list(
            DATASET,
            pagination=PaginationParams(page_size=1, page_token=token),
            sort_by=by_name,
        )
        found += [asset.filename for asset in page.items]
        token = page.next_page
        if token is None:
            break
    assert found == sorted(NAMES, reverse=True)
    sizes = AssetSortCriterion(criterion=SortCriterion.METADATA_FILE_SIZE)
    listed = assets.list(DATASET, sort_by=sizes).items
    assert [one.metadata.file_size for one in listed] == sorted(
        one.metadata.file_size for one in listed
    )


def test_a_metadata_query_finds_nothing_where_nothing_has_metadata(assets):
    assets.upload(DATASET, str(PICTURES / NAMES[0]), wait_until_done=True)
    found = assets.list(DATASET, metadata_query='custom_field == "value"')
    assert found.items == []


def test_a_dataset_is_downloaded_as_it_went_up(assets, tmp_path):
    assets.upload(DATASET, PICTURES, wait_until_done=True)
    result = assets.download(DATASET, save_dir=tmp_path, show_progress=False)
    assert result.count == len(NAMES)
    saved = Path(result.save_dir)
    assert sorted(path.name for path in saved.iterdir()) == NAMES
    for name in NAMES:
        assert (saved / name).read_bytes() == (PICTURES / name).read_bytes()


def test_a_deleted_asset_is_gone(assets):
    assets.upload(DATASET, str(PICTURES / NAMES[0]), wait_until_done=True)
    [asset] = everything(assets)
    deleted = assets.delete(dataset_id=DATASET, asset_id=asset.asset_id)
    assert asset.asset_id in str(deleted)
    assert everything(assets) == []
    with pytest.raises(ViNotFoundError):
        assets.get(DATASET, asset.asset_id)
    with pytest.raises(ViError):
        assets.delete(DATASET, asset.asset_id)


def test_the_same_name_is_overwritten_and_keeps_its_place(assets, tmp_path):
    first, second = (PICTURES / name for name in NAMES[:2])
    for source in (first, second):
        (tmp_path / "same.jpg").write_bytes(source.read_bytes())
        assets.upload(DATASET, str(tmp_path / "same.jpg"), wait_until_done=True)
    [asset] = everything(assets)
    assert asset.metadata.file_size == second.stat().st_size


def test_keeping_annotations_is_answered_in_words_that_the_sdk_understands(assets):
    file = str(PICTURES / NAMES[0])
    result = assets.upload(
        DATASET, file, on_asset_overwritten="KeepLinkedResource", wait_until_done=True
    )
    assert result.total_succeeded == 1
    assert result.sessions[0].spec.onAssetOverwritten.value == "KeepLinkedResources"


def test_a_file_above_the_sdk_s_threshold_is_put_in_parts(assets, monkeypatch):
    monkeypatch.setattr(consts, "MULTIPART_THRESHOLD_BYTES", 1)
    file = PICTURES / NAMES[0]
    result = assets.upload(DATASET, str(file), wait_until_done=True)
    assert result.total_succeeded == 1
    [asset] = everything(assets)
    assert asset.metadata.hash.contents == sha256(file.read_bytes()).hexdigest()
